namespace Latchkey.Wire.Ike;

/// <summary>
/// IKEv2 notify message types (RFC 7296 §3.10.1 and the registry). A member in capitals with underscores is the
/// registry's name; see <see cref="RegistryName"/>.
/// </summary>
public enum NotifyType : ushort
{
    UnsupportedCriticalPayload = 1,
    InvalidIkeSpi = 4,
    InvalidMajorVersion = 5,
    InvalidSyntax = 7,
    InvalidMessageId = 9,
    InvalidSpi = 11,
    NoProposalChosen = 14,
    InvalidKePayload = 17,
    AuthenticationFailed = 24,
    SinglePairRequired = 34,
    NoAdditionalSas = 35,
    InternalAddressFailure = 36,
    FailedCpRequired = 37,
    TsUnacceptable = 38,
    InvalidSelectors = 39,
    UnacceptableAddresses = 40,
    UnexpectedNatDetected = 41,
    TemporaryFailure = 43,
    ChildSaNotFound = 44,
    StateNotFound = 47,
    TsMaxQueue = 48,

    InitialContact = 16384,
    SetWindowSize = 16385,
    AdditionalTsPossible = 16386,
    IpcompSupported = 16387,
    NatDetectionSourceIp = 16388,
    NatDetectionDestinationIp = 16389,
    Cookie = 16390,
    UseTransportMode = 16391,
    HttpCertLookupSupported = 16392,
    RekeySa = 16393,
    EspTfcPaddingNotSupported = 16394,
    NonFirstFragmentsAlso = 16395,
    MobikeSupported = 16396,
    AdditionalIp4Address = 16397,
    AdditionalIp6Address = 16398,
    NoAdditionalAddresses = 16399,
    UpdateSaAddresses = 16400,
    Cookie2 = 16401,
    NoNatsAllowed = 16402,
    AuthLifetime = 16403,
    ChildlessIkev2Supported = 16418,
    QuickCrashDetection = 16419,
    IkeV2FragmentationSupported = 16430,
    SignatureHashAlgorithms = 16431,
    UsePpk = 16435,
    PpkIdentity = 16436,
    NoPpkAuth = 16437,
    IntermediateExchangeSupported = 16438,
    AdditionalKeyExchange = 16441,
}

public static class NotifyTypes
{
    /// <summary>Types below this report an error; the others a status (RFC 7296 §3.10.1).</summary>
    public const int FirstStatus = 16384;

    public static bool IsError(this NotifyType type) => (int)type < FirstStatus;
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Latchkey.Linux.Native;
using Latchkey.Linux.Tests.Hosts;
using Xunit;

namespace Latchkey.Linux.Tests;

/// <summary>Our structures and numbers against the system's own C headers.</summary>
public sealed class NativeLayoutTests
{
    private const string Headers = """
        #define _GNU_SOURCE
        #include <stdio.h>
        #include <stddef.h>
        #include <poll.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <sys/socket.h>
        #include <sys/ioctl.h>
        #include <netinet/in.h>
        #include <net/if.h>
        #include <linux/if_tun.h>
        #include <linux/netlink.h>
        #include <linux/rtnetlink.h>
        #include <linux/fib_rules.h>
        #include <linux/inet_diag.h>
        #include <linux/sock_diag.h>
        """;

    [Fact]
    public void Structures_and_numbers_are_those_of_the_c_headers()
    {
        Assert.SkipUnless(Shell.Try("command -v cc").Status == 0, "no C compiler (cc) on this machine");
        var folder = Directory.CreateTempSubdirectory("lkt-");
        try
        {
            var source = Path.Combine(folder.FullName, "layout.c");
            var lines = Expected().Select(e => $"printf(\"%s=%lld\\n\", \"{e.C}\", (long long)({e.C}));");
            File.WriteAllText(source, $"{Headers}\nint main(void) {{ {string.Join('\n', lines)} return 0; }}\n");
            Shell.Run($"cc -w -o {source}.out {source}");

            Assert.Equal(Expected().Select(e => $"{e.C}={e.Ours}"), Shell.Run($"{source}.out").Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static IEnumerable<(string C, long Ours)> Expected() =>
    [
        ("sizeof(struct pollfd)", Unsafe.SizeOf<PollEntry>()),
        ("offsetof(struct pollfd, revents)", Offset<PollEntry>(nameof(PollEntry.Seen))),
        ("sizeof(struct ifreq)", Unsafe.SizeOf<InterfaceRequest>()),
        ("offsetof(struct ifreq, ifr_flags)", Offset<InterfaceRequest>(nameof(InterfaceRequest.Flags))),
        ("TUNSETIFF", IfTun.SetInterface),
        ("IFF_TUN | IFF_NO_PI", IfTun.Tun | IfTun.NoPacketInformation),
        ("O_RDWR | O_NONBLOCK | O_CLOEXEC", Libc.ReadWrite | Libc.NonBlocking | Libc.CloseOnExec),
        ("sizeof(struct iovec)", Unsafe.SizeOf<IoVector>()),
        ("sizeof(struct msghdr)", Unsafe.SizeOf<MessageHeader>()),
        ("offsetof(struct msghdr, msg_iov)", Offset<MessageHeader>(nameof(MessageHeader.Vectors))),
        ("offsetof(struct msghdr, msg_control)", Offset<MessageHeader>(nameof(MessageHeader.Control))),
        ("offsetof(struct msghdr, msg_flags)", Offset<MessageHeader>(nameof(MessageHeader.Flags))),
        ("sizeof(struct mmsghdr)", Unsafe.SizeOf<MultiMessageHeader>()),
        ("offsetof(struct mmsghdr, msg_len)", Offset<MultiMessageHeader>(nameof(MultiMessageHeader.Length))),
        ("sizeof(struct cmsghdr)", Unsafe.SizeOf<ControlHeader>()),
        ("CMSG_SPACE(sizeof(struct in_pktinfo))", Unsafe.SizeOf<ControlHeader>() + 16),
        ("CMSG_SPACE(sizeof(struct in6_pktinfo))", Unsafe.SizeOf<ControlHeader>() + 24),
        ("sizeof(struct in_pktinfo)", Unsafe.SizeOf<InetPacketInfo>()),
        ("offsetof(struct in_pktinfo, ipi_spec_dst)", Offset<InetPacketInfo>(nameof(InetPacketInfo.Local))),
        ("sizeof(struct in6_pktinfo)", Unsafe.SizeOf<Inet6PacketInfo>()),
        ("sizeof(struct sockaddr_in)", SocketAddress.InetSize),
        ("sizeof(struct sockaddr_in6)", Unsafe.SizeOf<SocketAddress>()),
        ("SO_MARK", Socket.OptionMark),
        ("SO_RCVBUFFORCE", Socket.OptionReceiveBufferForce),
        ("SO_SNDBUFFORCE", Socket.OptionSendBufferForce),
        ("MSG_TRUNC", Socket.MessageTruncated),
        ("MSG_DONTWAIT", Socket.MessageDontWait),
        ("IP_PKTINFO", Inet.IpPacketInfo),
        ("IP_MTU_DISCOVER", Inet.IpMtuDiscover),
        ("IP_MTU", Inet.IpMtu),
        ("IPV6_MTU_DISCOVER", Inet.Ipv6MtuDiscover),
        ("IPV6_MTU", Inet.Ipv6Mtu),
        ("IPV6_V6ONLY", Inet.Ipv6Only),
        ("IPV6_RECVPKTINFO", Inet.Ipv6ReceivePacketInfo),
        ("IPV6_PKTINFO", Inet.Ipv6PacketInfo),
        ("IP_PMTUDISC_WANT", Inet.DiscoverWant),
        ("IP_PMTUDISC_DO", Inet.DiscoverDo),
        ("EMSGSIZE", Errno.MessageTooBig),
        ("EAFNOSUPPORT", Errno.AddressFamilyNotSupported),
        ("EADDRNOTAVAIL", Errno.AddressNotAvailable),
        ("ENOBUFS", Errno.NoBuffers),
        ("EAGAIN", Errno.Again),
        ("EINTR", Errno.Interrupted),
        ("EIO", Errno.IoError),
        ("sizeof(struct sockaddr_nl)", Unsafe.SizeOf<NetlinkAddress>()),
        ("sizeof(struct nlmsghdr)", Unsafe.SizeOf<NetlinkHeader>()),
        ("NLM_F_DUMP", NetlinkAbi.FlagDump),
        ("NLM_F_DUMP_INTR", NetlinkAbi.FlagDumpInterrupted),
        ("NLM_F_CREATE", NetlinkAbi.FlagCreate),
        ("NLM_F_EXCL", NetlinkAbi.FlagExclusive),
        ("NLM_F_REPLACE", NetlinkAbi.FlagReplace),
        ("NLM_F_CAPPED", NetlinkAbi.FlagCapped),
        ("NLM_F_ACK_TLVS", NetlinkAbi.FlagAckAttributes),
        ("NETLINK_EXT_ACK", NetlinkAbi.OptionExtendedAck),
        ("SOL_NETLINK", NetlinkAbi.LevelNetlink),
        ("sizeof(struct ifinfomsg)", Unsafe.SizeOf<LinkMessage>()),
        ("sizeof(struct ifaddrmsg)", Unsafe.SizeOf<AddressMessage>()),
        ("sizeof(struct rtmsg)", Unsafe.SizeOf<RouteMessage>()),
        ("offsetof(struct rtmsg, rtm_type)", Offset<RouteMessage>(nameof(RouteMessage.Type))),
        ("sizeof(struct fib_rule_hdr)", Unsafe.SizeOf<RuleMessage>()),
        ("offsetof(struct fib_rule_hdr, action)", Offset<RuleMessage>(nameof(RuleMessage.Action))),
        ("sizeof(struct fib_rule_port_range)", Unsafe.SizeOf<RulePortRange>()),
        ("IFLA_AF_SPEC", Rtnetlink.LinkAfSpec),
        ("IFLA_INET6_ADDR_GEN_MODE", Rtnetlink.LinkInet6AddressGeneration),
        ("IN6_ADDR_GEN_MODE_NONE", Rtnetlink.AddressGenerationNone),
        ("IFA_FLAGS", Rtnetlink.AddressFlags),
        ("IFA_F_DADFAILED", Rtnetlink.AddressDadFailed),
        ("RTA_PREFSRC", Rtnetlink.RoutePreferredSource),
        ("RTA_METRICS", Rtnetlink.RouteMetrics),
        ("RTA_TABLE", Rtnetlink.RouteTable),
        ("RTA_MARK", Rtnetlink.RouteMark),
        ("RTAX_MTU", Rtnetlink.MetricMtu),
        ("RTN_PROHIBIT", Rtnetlink.RouteProhibit),
        ("RT_SCOPE_LINK", Rtnetlink.ScopeLink),
        ("RTMGRP_IPV4_ROUTE | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_ROUTE | RTMGRP_IPV6_IFADDR",
            Rtnetlink.GroupInetRoute | Rtnetlink.GroupInetAddress | Rtnetlink.GroupInet6Route | Rtnetlink.GroupInet6Address),
        ("FRA_GOTO", Rtnetlink.RuleGoto),
        ("FRA_FWMARK", Rtnetlink.RuleMark),
        ("FRA_FWMASK", Rtnetlink.RuleMarkMask),
        ("FRA_PROTOCOL", Rtnetlink.RuleProtocol),
        ("FRA_IP_PROTO", Rtnetlink.RuleIpProtocol),
        ("FRA_SPORT_RANGE", Rtnetlink.RuleSourcePorts),
        ("FRA_DPORT_RANGE", Rtnetlink.RuleDestinationPorts),
        ("FR_ACT_GOTO", Rtnetlink.RuleGotoRule),
        ("FR_ACT_NOP", Rtnetlink.RuleNothing),
        ("SOCK_DIAG_BY_FAMILY", InetDiag.ByFamily),
        ("sizeof(struct inet_diag_req_v2)", Unsafe.SizeOf<InetDiagRequest>()),
        ("sizeof(struct inet_diag_msg)", Unsafe.SizeOf<InetDiagMessage>()),
        ("offsetof(struct inet_diag_msg, idiag_uid)", Offset<InetDiagMessage>(nameof(InetDiagMessage.User))),
    ];

    private static long Offset<T>(string field) => Marshal.OffsetOf<T>(field).ToInt64();
}

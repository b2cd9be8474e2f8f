using Latchkey.Lab.Network;

namespace Latchkey.Lab.Applications;

/// <summary>nginx, serving one line.</summary>
public static class WebServer
{
    public const string Page = "Hello from nginx on W";

    public static async Task Start(LabHost host, int port)
    {
        var folder = Directory.CreateDirectory(Path.Combine(host.Folder, "nginx")).FullName;
        var configuration = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            daemon off;
            pid {{folder}}/pid;
            error_log {{folder}}/error.log;
            events { }
            http {
              access_log off;
              client_body_temp_path {{folder}}/body; proxy_temp_path {{folder}}/proxy; fastcgi_temp_path {{folder}}/fastcgi;
              uwsgi_temp_path {{folder}}/uwsgi; scgi_temp_path {{folder}}/scgi;
              server { listen {{host.Plan.WithPort(host.Address, port)}}; location / { return 200 "{{Page}}\n"; } }
            }
            """);
        host.Start("nginx", ["nginx", "-c", configuration, "-e", $"{folder}/start.log"]);
        for (var end = Moment.Now.Milliseconds + 5000; Moment.Now.Milliseconds < end; await Task.Delay(20))
        {
            var listening = await host.Run("ss", "-Hltn", $"sport = :{port}");
            if (listening.Length > 0)
            {
                return;
            }
        }

        throw new LabException($"nginx does not listen on {host.Name}; see {folder}/start.log");
    }
}

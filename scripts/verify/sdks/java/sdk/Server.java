package sdk;

import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import java.nio.file.Files;
import java.time.Duration;
import lab.Tools;
import org.apache.catalina.startup.Tomcat;

/** The server of the lab with the Java SDK's servlet, in Tomcat: PORT. */
public final class Server {
  private static McpSyncServer server;

  public static void main(String[] args) throws Exception {
    var servlet =
        HttpServletStreamableServerTransportProvider.builder().mcpEndpoint("/mcp").build();
    server =
        McpServer.sync(servlet)
            .serverInfo("lab", "1")
            .requestTimeout(Duration.ofSeconds(8))
            .capabilities(ServerCapabilities.builder().tools(true).build())
            .tools(Tools.all(() -> server))
            .build();
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(Files.createTempDirectory("lab-tomcat-").toString());
    tomcat.setPort(Integer.parseInt(args[0]));
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    var context = tomcat.addContext("", null);
    Tomcat.addServlet(context, "mcp", servlet).setAsyncSupported(true);
    context.addServletMappingDecoded("/*", "mcp");
    tomcat.start();
    System.out.println("ready");
    tomcat.getServer().await();
  }
}

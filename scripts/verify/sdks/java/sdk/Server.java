package sdk;

import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import java.time.Duration;
import lab.Tools;

/** The server of the lab with the Java SDK's servlet: PORT. */
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
    Web.serve(servlet, args[0]);
  }
}

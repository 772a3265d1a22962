package sdk;

import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import java.net.URI;
import lab.Scenarios;

/** The client of the lab with the Java SDK: URL SCENARIO. */
public final class Client {
  public static void main(String[] args) throws Exception {
    URI url = URI.create(args[0]);
    var transport =
        HttpClientStreamableHttpTransport.builder(url.getScheme() + "://" + url.getAuthority())
            .endpoint(url.getPath());
    Scenarios.authorize(transport);
    Scenarios.run(Scenarios.prepare(McpClient.sync(transport.build())).build(), args[1]);
    System.exit(0);
  }
}

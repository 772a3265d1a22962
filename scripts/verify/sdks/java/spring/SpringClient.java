package spring;

import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import java.net.URI;
import java.util.List;
import java.util.Map;
import lab.Scenarios;
import org.springframework.ai.mcp.customizer.McpClientCustomizer;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;

/** The client of the lab with Spring AI's starter: URL SCENARIO. */
@EnableAutoConfiguration
public class SpringClient {
  @Bean
  McpClientCustomizer<McpClient.SyncSpec> handlers() {
    return (name, spec) -> Scenarios.prepare(spec);
  }

  @Bean
  McpClientCustomizer<HttpClientStreamableHttpTransport.Builder> bearer() {
    return (name, builder) -> Scenarios.authorize(builder);
  }

  public static void main(String[] args) throws Exception {
    URI url = URI.create(args[0]);
    String lab = "spring.ai.mcp.client.streamable-http.connections.lab";
    SpringApplication application = new SpringApplication(SpringClient.class);
    application.setWebApplicationType(WebApplicationType.NONE);
    application.setDefaultProperties(
        Map.of(
            lab + ".url", url.getScheme() + "://" + url.getAuthority(),
            lab + ".endpoint", url.getPath(),
            "spring.ai.mcp.client.initialized", "false",
            "spring.ai.mcp.server.enabled", "false",
            "spring.main.banner-mode", "off",
            "logging.threshold.console", "off"));
    List<?> clients = application.run().getBean("mcpSyncClients", List.class);
    Scenarios.run((McpSyncClient) clients.get(0), args[1]);
    System.exit(0);
  }
}

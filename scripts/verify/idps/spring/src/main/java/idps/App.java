// Starts Spring Authorization Server with its defaults, except for the keys: it reads them from a
// file at each use, so that a script can rotate them. The first key signs.
package idps;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import java.io.File;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.oauth2.jwt.JwtEncoder;
import org.springframework.security.oauth2.jwt.NimbusJwtEncoder;

@SpringBootApplication
public class App {
  public static void main(String[] args) {
    SpringApplication.run(App.class, args);
  }

  @Bean
  JWKSource<SecurityContext> keys(@Value("${idps.keys}") File file) {
    return (selector, context) -> {
      try {
        return selector.select(JWKSet.load(file));
      } catch (Exception error) {
        throw new IllegalStateException(error);
      }
    };
  }

  @Bean
  JwtEncoder encoder(JWKSource<SecurityContext> keys) {
    var encoder = new NimbusJwtEncoder(keys);
    encoder.setJwkSelector(found -> found.get(0));
    return encoder;
  }
}

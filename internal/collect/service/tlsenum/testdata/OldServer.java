// OldServer speaks what no library of today will: SSL 3.0, RC4, DES and export
// suites. Java still has them all, switched off by a property.
//
// java OldServer.java PORT KEYSTORE.p12 PASSWORD "PROTOCOL,…" "SUITE,…"
import java.io.FileInputStream;
import java.net.InetAddress;
import java.security.KeyStore;
import java.security.Security;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

public class OldServer {
    public static void main(String[] a) throws Exception {
        Security.setProperty("jdk.tls.disabledAlgorithms", "");
        Security.setProperty("jdk.certpath.disabledAlgorithms", "");
        Security.setProperty("jdk.tls.legacyAlgorithms", "");
        KeyStore ks = KeyStore.getInstance("PKCS12");
        ks.load(new FileInputStream(a[1]), a[2].toCharArray());
        KeyManagerFactory kmf = KeyManagerFactory.getInstance("SunX509");
        kmf.init(ks, a[2].toCharArray());
        SSLContext ctx = SSLContext.getInstance("TLS");
        ctx.init(kmf.getKeyManagers(), null, null);
        SSLServerSocket s = (SSLServerSocket) ctx.getServerSocketFactory().createServerSocket(
            Integer.parseInt(a[0]), 100, InetAddress.getByName("127.0.0.1"));
        s.setEnabledProtocols(a[3].split(","));
        s.setEnabledCipherSuites(a[4].split(","));
        while (true) {
            SSLSocket c = (SSLSocket) s.accept();
            new Thread(() -> {
                try (c) {
                    c.startHandshake();
                } catch (Exception e) {
                    // the other side went away, as it is meant to
                }
            }).start();
        }
    }
}

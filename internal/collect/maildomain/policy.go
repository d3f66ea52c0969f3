package maildomain

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"time"

	"github.com/asepsis/asepsis/internal/mail"
	"github.com/asepsis/asepsis/internal/mail/sts"
)

// policy fetches the policy of a domain (RFC 8461 section 3.3). It tells a fault of
// the domain, which every sender meets, from an error that may be ours.
func (p *Probe) policy(ctx context.Context, now time.Time, dns mail.DNS, domain string) (*sts.Policy, string, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout())
	defer cancel()
	host := sts.PolicyHost(domain)
	addrs, err := reachable(ctx, dns, host)
	if err != nil {
		return nil, "", err
	}
	if len(addrs) == 0 {
		return nil, "the record announces a policy, and there is no server " + host, nil
	}
	transport := &http.Transport{
		Proxy: nil, // a sender's mail server asks for itself
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var conn net.Conn
			var err error
			for _, a := range addrs {
				if conn, err = p.dial(ctx, a, 443); err == nil {
					return conn, nil
				}
			}
			return nil, err
		},
		TLSClientConfig:        &tls.Config{RootCAs: p.Roots, MinVersion: tls.VersionTLS12, Time: func() time.Time { return now }},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 32 << 10,
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, sts.PolicyURL(domain), nil)
	if err != nil {
		return nil, "", fmt.Errorf("ask for the policy of %s: %w", domain, err)
	}
	res, err := client.Do(req)
	if err != nil {
		fault, err := fetchFault(host, err)
		return nil, fault, err
	}
	defer res.Body.Close() //nolint:errcheck // it was read as far as it is wanted
	return answered(host, res)
}

func answered(host string, res *http.Response) (*sts.Policy, string, error) {
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return nil, host + " sends senders elsewhere for the policy, which they must not follow", nil
	case res.StatusCode >= 500:
		return nil, "", errors.New(host + " failed to give the policy; it may be for a while only")
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Sprintf("%s has no policy (HTTP %d)", host, res.StatusCode), nil
	}
	if kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type")); err != nil || kind != "text/plain" {
		return nil, "the policy is not sent as text/plain, so senders may pass it over", nil
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, sts.MaxPolicy+1))
	if err != nil {
		return nil, "", errors.New(host + " did not send the whole policy in time")
	}
	policy, err := sts.ParsePolicy(body)
	if err != nil {
		return nil, err.Error(), nil
	}
	return policy, "", nil
}

// fetchFault tells what every sender would meet from what may be between us.
func fetchFault(host string, err error) (string, error) {
	var (
		unverified *tls.CertificateVerificationError
		names      x509.HostnameError
		unknown    x509.UnknownAuthorityError
		roots      x509.SystemRootsError
		noTLS      tls.RecordHeaderError
		alert      tls.AlertError
	)
	switch {
	case errors.As(err, &roots):
		return "", errors.New("this machine has no list of trusted authorities")
	case errors.As(err, &names):
		return "the certificate of " + host + " is for other names", nil
	case errors.As(err, &unknown):
		return "the certificate of " + host + " is of an authority that is not trusted", nil
	case errors.As(err, &unverified):
		return "the certificate of " + host + " is expired or cannot be verified", nil
	case errors.As(err, &noTLS), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		return host + " does not speak TLS 1.2 or newer", nil
	}
	return "", errors.New("no policy could be fetched from " + host + " (" + reason(err) + ")")
}

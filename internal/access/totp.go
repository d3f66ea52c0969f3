package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238's default, and the only one that every authenticator app knows
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

// Second factor by RFC 6238: SHA-1, six digits, steps of 30 seconds.
const (
	totpPeriod  = 30 * time.Second
	totpDigits  = 6
	totpSkew    = 1 // steps that a phone's clock may be off, either way
	totpSecrets = 20
)

func newTOTP() []byte {
	b := make([]byte, totpSecrets)
	_, _ = rand.Read(b)
	return b
}

// step is the number of the time step that t falls into.
func step(t time.Time) int64 { return t.Unix() / int64(totpPeriod/time.Second) }

func totpCode(key []byte, step int64) string {
	var msg [8]byte
	binary.BigEndian.PutUint64(msg[:], uint64(step)) //nolint:gosec // steps count from 1970 and are positive
	mac := hmac.New(sha1.New, key)
	mac.Write(msg[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", totpDigits, n%1_000_000)
}

// matchTOTP returns the step that a code is of, if it is of one near now and
// newer than the last that was used.
func matchTOTP(key []byte, code string, now time.Time, used int64) (int64, bool) {
	if len(code) != totpDigits {
		return 0, false
	}
	found, ok := int64(0), false
	for d := int64(-totpSkew); d <= totpSkew; d++ {
		s := step(now) + d
		if subtle.ConstantTimeCompare([]byte(totpCode(key, s)), []byte(code)) == 1 && s > used {
			found, ok = s, true
		}
	}
	return found, ok
}

// totpText is the secret as a person types it.
func totpText(key []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key)
}

// totpURI is what an authenticator app reads from a QR code.
func totpURI(key []byte, issuer, account string) string {
	q := url.Values{"secret": {totpText(key)}, "issuer": {issuer}, "digits": {"6"}, "period": {"30"}, "algorithm": {"SHA1"}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + account, RawQuery: q.Encode()}
	return u.String()
}

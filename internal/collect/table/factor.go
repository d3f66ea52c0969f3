package table

import (
	"slices"
	"strings"
)

// factor is what a word for a second factor means.
type factor struct {
	name      string
	second    bool // counts as a second factor at sign-in
	resistant bool // cannot be phished
}

// factorWords maps the squeezed words of exports to factors: those of Microsoft
// Graph's methodsRegistered and of the portal, of Okta, Duo and Google.
var factorWords = func() map[string]factor {
	m := make(map[string]factor)
	add := func(f factor, words ...string) {
		for _, w := range words {
			m[w] = f
		}
	}
	add(factor{"fido2", true, true}, "fido2", "fido", "fido2securitykey", "fido2key", "securitykey", "securitykeys", "webauthn", "fido2webauthn", "u2f", "yubikeyfido2", "hardwaresecuritykey", "securitykeyorbiometric", "securitykeyorbiometricauthenticator", "roamingauthenticator")
	add(factor{"passkey", true, true}, "passkey", "passkeys", "passkeydevicebound", "passkeydeviceboundauthenticator", "passkeydeviceboundwindowshello", "passkeysynced", "platformauthenticator", "macossecureenclavekey", "touchid", "oktafastpass", "fastpass", "signedinwithoktafastpass")
	add(factor{"windows_hello", true, true}, "windowshello", "windowshelloforbusiness", "whfb")
	add(factor{"certificate", true, true}, "certificate", "certificatebasedauthentication", "x509certificate", "smartcard", "piv", "cac", "pivcard", "smartcardidp")
	add(factor{"authenticator", true, false}, "authenticator", "authenticatorapp", "microsoftauthenticator", "microsoftauthenticatorapp", "microsoftauthenticatorpasswordless", "passwordlessphonesignin", "microsoftpasswordlessphonesignin", "mobileapp", "oktaverify", "duomobile", "app")
	add(factor{"push", true, false}, "push", "microsoftauthenticatorpush", "microsoftauthenticatorapppushnotification", "microsoftauthenticatorpushnotification", "appnotification", "oktaverifypush", "duopush", "googleprompt", "phoneappnotification")
	add(factor{"totp", true, false}, "totp", "otp", "softwareonetimepasscode", "softwareoathtoken", "softwareoath", "oathtotp", "appcode", "phoneappotp", "googleauthenticator", "oktaverifyotp", "passcode", "duomobilepasscode", "authenticationapp", "softtoken", "mobileapppasscode", "oktaverifytotp")
	add(factor{"hardware_token", true, false}, "hardwareonetimepasscode", "hardwareoathtoken", "hardwaretoken", "hardtoken", "token", "tokens", "rsatoken", "rsasecurid", "securid", "yubikey", "yubikeytoken", "yubikeyotp", "symantecvip", "hardware")
	add(factor{"sms", true, false}, "sms", "text", "textmessage", "mobilephone", "alternatemobilephone", "smsauthentication", "smspasscode", "phone", "onewaysms", "twowaysms", "mobilephonesms")
	add(factor{"voice", true, false}, "voice", "voicecall", "voicecallauthentication", "officephone", "phonecall", "call", "landline", "twowayvoicemobile", "twowayvoiceoffice", "twowayvoicealternatemobile")
	// These reset a password or get someone in once; they are no second factor.
	add(factor{"email", false, false}, "email", "emailauthentication", "emailotp", "alternateemail", "emailmagiclink")
	add(factor{"security_question", false, false}, "securityquestion", "securityquestions")
	add(factor{"password", false, false}, "password")
	add(factor{"app_password", false, false}, "apppassword")
	add(factor{"temporary_pass", false, false}, "temporaryaccesspass", "temporarypass", "backupcodes", "bypasscode", "bypasscodes")
	return m
}()

// factors is what the words for second factors come to.
type factors struct {
	methods           []string // in our words; those nobody knows are kept as they are
	second, resistant bool
	unknown           string // a word nobody knows, which may mean anything
}

// factorsOf brings the words for second factors to ours.
func factorsOf(words []string) factors {
	out := factors{methods: []string{}}
	for _, w := range words {
		key := squeeze(fold(w))
		if key == "" || key == "none" || key == "notregistered" {
			continue
		}
		f, ok := factorWords[key]
		if !ok {
			f = factor{name: strings.ReplaceAll(fold(w), " ", "_")}
			out.unknown = w
		}
		if !slices.Contains(out.methods, f.name) {
			out.methods = append(out.methods, f.name)
		}
		out.second, out.resistant = out.second || f.second, out.resistant || f.resistant
	}
	return out
}

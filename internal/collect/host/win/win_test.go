package win

import (
	"strings"
	"testing"
)

const answer = "\uFEFF" + `{"time":"Running","ssh":"","bitlocker":[{"mount":"C:","protection":"On","status":"FullyEncrypted"},{"mount":"D:","protection":"Off","status":"FullyEncrypted"}],` +
	`"serial":"5CG1234","chassis":[10],"boot":"2026-11-20T08:00:00.0000000Z","defender":{"AMRunningMode":"Normal","AntivirusEnabled":true,"RealTimeProtectionEnabled":true,"IsTamperProtected":true},` +
	`"antivirus":[{"displayName":"Windows Defender","productState":397568},{"displayName":"Sophos","productState":393472}],"volumes":[{"letter":"C","filesystem":"NTFS","type":"Fixed","size":512}],` +
	`"users":[{"name":"Administrator","full":"","enabled":false,"last":"","set":"","expires":"","required":true,"sid":"S-1-5-21-1-2-3-500"},{"name":"ana","full":"Ana Ruiz","enabled":true,"last":"2026-11-24T07:00:00Z","set":"2026-01-01T00:00:00Z","expires":"","required":true,"sid":"S-1-5-21-1-2-3-1001"}],` +
	`"admins":["S-1-5-21-1-2-3-500"],"ports":[{"address":"0.0.0.0","port":135,"process":"svchost"}]}` + "\r\n"

func TestParse(t *testing.T) {
	r, err := Parse([]byte(answer))
	if err != nil {
		t.Fatal(err)
	}
	if r.Serial != "5CG1234" || len(r.Users) != 2 || !r.Users[0].BuiltIn() || r.Users[1].BuiltIn() || r.Ports[0].Port != 135 {
		t.Errorf("%+v", r)
	}
	if !r.BitLocker[0].Encrypted() || r.BitLocker[1].Encrypted() {
		t.Error("a volume whose protection is off is not encrypted at rest")
	}
	if !r.Antivirus[0].Running() || r.Antivirus[1].Running() {
		t.Errorf("running: %v, %v", r.Antivirus[0].Running(), r.Antivirus[1].Running())
	}
	if Moment(r.Users[1].Last).Day() != 24 || !Moment("").IsZero() {
		t.Error("times are misread")
	}
	if _, err := Parse([]byte("access denied")); err == nil {
		t.Error("words are taken for an answer")
	}
}

// TestScriptOnlyAsks keeps the script from ever changing anything.
func TestScriptOnlyAsks(t *testing.T) {
	for word := range strings.FieldsFuncSeq(Script, func(r rune) bool { return strings.ContainsRune(" \t\n(){}|;=@\"", r) }) {
		verb, _, ok := strings.Cut(word, "-")
		if !ok || verb == "" || verb[0] < 'A' || verb[0] > 'Z' || strings.HasPrefix(word, "S-1-") {
			continue
		}
		switch verb {
		case "Get", "Select", "Where", "ForEach", "ConvertTo":
		default:
			t.Errorf("the script holds %s", word)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(answer))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Parse(b)
		if err != nil {
			return
		}
		for _, u := range r.Users {
			if u.SID == "" && u.BuiltIn() {
				t.Fatal("an account without an id is built in")
			}
			if at := Moment(u.Last); !at.IsZero() && at.Year() < 1990 {
				t.Fatalf("signed in at %v", at)
			}
		}
	})
}

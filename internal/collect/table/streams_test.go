package table

import "testing"

// Two exports that say different things of the same accounts, devices or people
// are two sources; the same export a month later is one.
func TestStreams(t *testing.T) {
	stream := func(text string) string {
		t.Helper()
		return mustParse(t, text).Batch.Stream.ID
	}
	const (
		users   = "userPrincipalName,accountEnabled,displayName\nann@h.example,True,Ann\n"
		factors = "userPrincipalName,isMfaRegistered,methodsRegistered\nann@h.example,true,fido2\n"
		blocked = "UserPrincipalName,BlockCredential\nann@h.example,False\n"
		laptops = "Device name,Serial number,Encrypted,OS\nLT-1,PF1,True,Windows\n"
		biomed  = "Control Number,Description,Serial Number,Department Location\nB1,Infusion pump,8100,ICU\n"
		roster  = "Employee ID,Name,Hire Date,Termination Date\n1,Ann,2019-01-01,\n"
		phones  = "Employee ID,Name,Department,Job Title\n1,Ann,ICU,Nurse\n"
	)
	if a, b := stream(users), stream(factors); a == b {
		t.Errorf("the users of Entra and their second factors share the stream %s: the later takes back what the earlier said", a)
	}
	if a, b := stream(users), stream(blocked); a != b {
		t.Errorf("two lists of Entra's accounts are in streams %s and %s, want one", a, b)
	}
	if a, b := stream(laptops), stream(biomed); a == b {
		t.Errorf("laptops and medical devices share the stream %s", a)
	}
	if a, b := stream(laptops), stream("Device name,Serial number,Encrypted,OS\nLT-2,PF2,False,Windows\n"); a != b {
		t.Errorf("the same export of two days is in streams %s and %s, want one", a, b)
	}
	if a, b := stream(roster), stream(phones); a == b {
		t.Errorf("the roster and a list of telephones share the stream %s: whoever left would be back", a)
	}
}

package api

// SNMPAccess is how the devices of a permitted network may be read by SNMP. Its
// secrets are taken and never given back; where one is left out, the one that is
// kept for the same user stays.
type SNMPAccess struct {
	Version   string `json:"version" enum:"2c,3"`
	User      string `json:"user,omitempty" maxLength:"32" doc:"Of version 3"`
	Auth      string `json:"auth,omitempty" enum:"md5,sha,sha224,sha256,sha384,sha512" doc:"How the user proves who it is"`
	Privacy   string `json:"privacy,omitempty" enum:"des,aes,aes192,aes256,aes192c,aes256c" doc:"How answers are encrypted; left out, they go in clear text"`
	Community string `json:"community,omitempty" maxLength:"255" writeOnly:"true" doc:"Of version 2c, which sends it in clear text"`
	AuthKey   string `json:"auth_key,omitempty" maxLength:"255" writeOnly:"true" doc:"The user's password"`
	PrivKey   string `json:"privacy_key,omitempty" maxLength:"255" writeOnly:"true" doc:"The password for privacy"`
}

// Public returns it without its secrets.
func (a *SNMPAccess) Public() *SNMPAccess {
	if a == nil {
		return nil
	}
	return &SNMPAccess{Version: a.Version, User: a.User, Auth: a.Auth, Privacy: a.Privacy}
}

// String says how devices are read, without a secret.
func (a *SNMPAccess) String() string {
	switch {
	case a == nil:
		return ""
	case a.Version == "2c":
		return "version 2c, in clear text"
	case a.Privacy == "":
		return "version 3 as " + a.User + ", in clear text"
	}
	return "version 3 as " + a.User + ", encrypted"
}

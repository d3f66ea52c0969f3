package assess

import "strings"

// genericWords are names that stand for a role, a place or a machine, never for
// one person. Accounts that carry them are shared, or were never renamed.
var genericWords = func() map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(`
		admin administrator root superuser sysadmin operator guest test tester testuser demo user users default temp temporary tmp
		public anonymous shared generic common everyone all staff office
		nurse nurses nursing rn lpn cna charge doctor doctors physician provider resident intern locum md surgeon therapist tech technician
		reception receptionist frontdesk front desk checkin registration registrar admitting admissions scheduling scheduler billing coding
		er ed emergency icu ccu nicu or surgery ward clinic floor unit station nursestation workstation triage pacu obgyn maternity
		lab laboratory pharmacy pharmacist radiology xray imaging ct mri ultrasound pacs ris lis dietary kitchen housekeeping maintenance
		facilities security transport supply stores hr payroll finance accounting volunteer student students training trainer classroom
		kiosk cart wow cow tablet scanner scan printer fax copier conference meetingroom boardroom
		helpdesk support itsupport service services vendor contractor consultant backup install setup owner manager supervisor
	`) {
		m[w] = true
	}
	return m
}()

// genericName reports whether a sign-in name is a shared or default one:
// nurse1, er-station, front.desk. All parts must be such words, so "nurse.lee"
// is a person.
func genericName(name string) bool {
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '.' || r == '-' || r == '_' || r == ' ' })
	generic := false
	for _, p := range parts {
		p = strings.TrimRight(p, "0123456789")
		switch {
		case p == "":
			// a number tells nothing
		case genericWords[p]:
			generic = true
		default:
			return false
		}
	}
	return generic
}

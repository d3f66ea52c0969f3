package table

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
)

// exports are tables with the headers of real exports. What becomes of each is
// kept in testdata/exports.golden.
var exports = []struct {
	name, text string
	options    []string
}{
	{name: "Entra registration details", text: "id,userPrincipalName,userDisplayName,userType,isAdmin,isSsprRegistered,isMfaRegistered,isMfaCapable,isPasswordlessCapable,methodsRegistered,defaultMfaMethod,lastUpdatedDateTime\n" +
		"1,Ann.Lee@hospital.example,Ann Lee,member,False,True,True,True,False,\"microsoftAuthenticatorPush,softwareOneTimePasscode\",push,2026-11-01T00:00:00Z\n" +
		"2,bo.lee@hospital.example,Bo Lee,member,True,True,True,True,True,\"fido2SecurityKey,windowsHelloForBusiness\",,2026-11-01T00:00:00Z\n" +
		"3,cy.lee@hospital.example,Cy Lee,member,False,False,False,False,False,,none,2026-11-01T00:00:00Z\n" +
		"4,svc-backup@hospital.example,Backup,member,False,False,False,False,False,email,none,2026-11-01T00:00:00Z\n"},
	{name: "Entra users", text: "userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,accountEnabled,usageLocation,createdDateTime,directorySynced\n" +
		"ann@hospital.example,Ann Lee,Lee,ann.lee@hospital.example,Ann,1,Member,Nurse,ICU,True,US,2020-01-02T10:00:00Z,True\n" +
		"bo@hospital.example,Bo Lee,Lee,,Bo,2,Member,Nurse,ICU,False,US,,True\n"},
	{name: "Microsoft 365 active users", text: "Block credential,City,Display name,First name,Last name,Last password change time stamp,Licenses,Password never expires,User principal name,When created\n" +
		"False,Town,Ann Lee,Ann,Lee,2026-05-01T10:00:00Z,E3,True,ann@hospital.example,2020-01-02T10:00:00Z\n" +
		"True,Town,Old Lee,Old,Lee,2019-05-01T10:00:00Z,,False,old@hospital.example,2018-01-02T10:00:00Z\n"},
	{name: "Active Directory through PowerShell", text: "\"SamAccountName\",\"UserPrincipalName\",\"Enabled\",\"LastLogonDate\",\"PasswordLastSet\",\"PasswordNeverExpires\",\"adminCount\",\"EmployeeID\",\"mail\",\"MemberOf\",\"whenCreated\"\n" +
		"\"alee\",\"alee@hospital.local\",\"True\",\"11/3/2026 7:02:11 AM\",\"5/11/2026 8:00:00 AM\",\"False\",\"\",\"10023\",\"ann.lee@hospital.example\",\"CN=Nurses,OU=Groups,DC=hospital,DC=local;CN=EHR, Users,OU=Groups,DC=hospital,DC=local\",\"1/2/2020 10:00:00 AM\"\n" +
		"\"adm-blee\",\"\",\"True\",\"\",\"1/1/1601 12:00:00 AM\",\"True\",\"1\",\"10024\",\"\",\"CN=Domain Admins,CN=Users,DC=hospital,DC=local\",\"1/2/2020 10:00:00 AM\"\n" +
		"\"krbtgt\",\"\",\"False\",\"\",\"5/11/2015 8:00:00 AM\",\"False\",\"1\",\"\",\"\",\"\",\"1/2/2014 10:00:00 AM\"\n"},
	{name: "Okta MFA usage", text: "User,Login,MFA Factor,Last Enrolled_ISO8601,Last Used_ISO8601\n" +
		"Ann Lee,ann@hospital.example,Okta Verify Push,2025-10-19T18:02:21.000Z,2026-04-12T13:37:05.000Z\n" +
		"Ann Lee,ann@hospital.example,FIDO2 (WebAuthn),2025-10-20T18:02:21.000Z,2026-06-12T13:37:05.000Z\n" +
		"Bo Lee,bo@hospital.example,Password,2025-10-19T18:02:21.000Z,\n" +
		"Bo Lee,bo@hospital.example,Security Question,2025-10-19T18:02:21.000Z,\n"},
	{name: "Google Workspace users", text: "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],Org Unit Path [Required],Status [READ ONLY],Last Sign In [READ ONLY],Employee ID,2sv Enrolled [READ ONLY],2sv Enforced [READ ONLY]\n" +
		"Ann,Lee,ann@hospital.example,****,/,Active,2026/11/01 15:15:08,10023,True,True\n" +
		"Old,Lee,old@hospital.example,****,/,Suspended,Never logged in,10001,False,False\n"},
	{name: "Duo users", text: "username,realname,email,status,groups,phones,last_login,is_enrolled,notes\n" +
		"alee,Ann Lee,ann@hospital.example,Active,Nurses,555-0100,1793678706,True,\n" +
		"blee,Bo Lee,bo@hospital.example,Bypass,,,,False,\n" +
		"clee,Cy Lee,,Disabled,,,,False,\n"},
	{name: "EHR users", options: []string{"directory", "ehr"}, text: "User ID;Full Name;Employee ID;Active;EHR Access;Roles;Last Login;MFA\n" +
		"ALEE;Lee, Ann;10023;Y;Y;Nurse|Charge nurse;03.11.2026;N\n" +
		"BLEE;Lee, Bo;10024;N;N;;25.10.2026;\n"},
	{name: "Workday roster", text: "Headcount report\nRun 11/03/2026\n\nWorker,Employee ID,Worker Type,Hire Date,Termination Date,Business Title,Supervisory Organization,Email - Primary Work,Manager,Active Status\n" +
		"Ann Lee,10023,Employee,04/01/2019,,RN,Med-surg,Ann.Lee@hospital.example,Kim Lee,Yes\n" +
		"Bo Lee,10024,Contingent Worker,09/16/2024,08/31/2026,IT technician,IT,bo.lee@hospital.example,Kim Lee,No\n" +
		"Cy Lee,10025,Employee,01/05/2015,,Cook,Dietary,,Kim Lee,No\n"},
	{name: "ADP roster", text: "Payroll Name,Associate ID,Position Status,Hire Date,Termination Date,Job Title Description,Home Department Description,Reports To Name,Work Contact: Work Email,Worker Category Description\n" +
		"\"Lee, Ann\",AB1,Active,4/1/2019,,Nurse,ICU,\"Lee, Kim\",ann@hospital.example,Full Time\n" +
		"\"Lee, Bo\",AB2,Leave,9/16/2024,1/31/2020,Nurse,ICU,\"Lee, Kim\",bo@hospital.example,Per Diem\n" +
		"\"Lee, Cy\",AB3,Terminated,9/16/2014,1/31/2020,Nurse,ICU,,cy@hospital.example,Alien\n"},
	{name: "UKG roster", text: "Employee Number\tEmployee Name (Last Suffix, First MI)\tLast Hire Date\tDate of Termination\tJob\tOrg Level 1\tEmployment Status\n" +
		"00123\tLee, Ann\t2019-04-01\t\tRN\tICU\tA\n"},
	{name: "KnowBe4 training", text: "First Name,Last Name,Email,Employee Number,Content,Enrollment Date,Due Date,Completion Date,Status,Time Spent\n" +
		"Ann,Lee,ann@hospital.example,10023,Security Awareness 2025,2025-03-01,2025-04-01,2025-03-14 10:00:00,Passed,30\n" +
		"Ann,Lee,ann@hospital.example,10023,Security Awareness 2026,2026-03-01,2026-04-01,2026-03-20 10:00:00,Passed,30\n" +
		"Bo,Lee,bo@hospital.example,10024,Security Awareness 2026,2026-03-01,2026-04-01,,Past Due,0\n" +
		"Cy,Lee,cy@hospital.example,,Security Awareness 2026,2026-03-01,2026-04-01,2026-03-30 10:00:00,Failed,20\n"},
	{name: "training, one course counts", options: []string{"course", "security"}, text: "Learner Name;Learner Email;Course Title;Completed On;Expires\n" +
		"Ann Lee;ann@hospital.example;Security basics;14/03/2026;14/03/2027\n" +
		"Ann Lee;ann@hospital.example;Fire safety;02/04/2026;\n"},
	{name: "KnowBe4 phishing", text: "First Name,Last Name,Email,Campaign Name,Delivered At,Opened At,Clicked At,Data Entered At,Reported At,Bounced At,Browser\n" +
		"Ann,Lee,ann@hospital.example,Spring,2026-04-02 09:00:00,2026-04-02 09:00:03,2026-04-02 09:00:04,,,,Chrome\n" +
		"Bo,Lee,bo@hospital.example,Spring,2026-04-02 09:00:00,2026-04-02 10:00:03,2026-04-02 10:00:40,2026-04-02 10:01:40,,,Chrome\n" +
		"Cy,Lee,cy@hospital.example,Spring,2026-04-02 09:00:00,2026-04-02 10:00:03,2026-04-02 10:00:40,,,,Mimecast URL scanner\n" +
		"Di,Lee,di@hospital.example,Spring,2026-04-02 09:00:00,,,,2026-04-02 09:10:00,,\n" +
		"Ed,Lee,ed@hospital.example,Spring,,,,,,2026-04-02 09:10:00,\n" +
		"Bo,Lee,bo@hospital.example,Old,2025-01-02 09:00:00,2025-01-02 10:00:03,2025-01-02 10:00:40,,,,Chrome\n"},
	{name: "GoPhish results", text: "id,status,ip,send_date,reported,modified_date,email,first_name,last_name,position\n" +
		"a,Clicked Link,10.0.0.1,2026-04-02T09:00:00Z,false,2026-04-02T09:30:00Z,ann@hospital.example,Ann,Lee,Nurse\n" +
		"b,Email Sent,,2026-04-02T09:00:00Z,true,2026-04-02T09:30:00Z,bo@hospital.example,Bo,Lee,Nurse\n"},
	{name: "GoPhish events", text: "campaign_id,email,time,message,details\n" +
		"7,,2026-04-02T08:59:00Z,Campaign Created,\n" +
		"7,ann@hospital.example,2026-04-02T09:00:00Z,Email Sent,\n" +
		"7,ann@hospital.example,2026-04-02T09:00:02Z,Clicked Link,\n" +
		"7,ann@hospital.example,2026-04-02T09:40:02Z,Email Opened,\n" +
		"7,ann@hospital.example,2026-04-02T09:41:02Z,Clicked Link,\n" +
		"7,ann@hospital.example,2026-04-02T09:42:02Z,Submitted Data,\n" +
		"7,bo@hospital.example,2026-04-02T09:00:00Z,Email Sent,\n" +
		"7,bo@hospital.example,2026-04-02T09:00:02Z,Clicked Link,\n"},
	{name: "ServiceNow computers", text: "name,asset_tag,serial_number,manufacturer,model_id,assigned_to,location,os,os_version,ip_address,mac_address,install_status,sys_class_name\n" +
		"RAD-WS-01.hospital.local,P1000479,5CG1234XYZ,HP,EliteDesk,Ann Lee,Radiology,Windows 11 Enterprise,10.0.22631,10.20.4.31,00-1B-44-11-3A-B7,Installed,cmdb_ci_computer\n" +
		"EHR-DB-01,P1000480,To be filled by O.E.M.,Dell,R640,,Data center,Red Hat Enterprise Linux,8.6,\"10.20.1.5, 10.20.1.6\",,In Stock,cmdb_ci_linux_server\n"},
	{name: "Lansweeper", text: "AssetName,AssetTypename,FQDN,IPAddress,Mac,Manufacturer,Model,Serialnumber,OSname,Statename,Lastseen,Description\n" +
		"LT-12,Windows,lt-12.hospital.local,10.0.0.12,00:1B:44:11:3A:B8,Lenovo,ThinkPad T14,PF12345,Win 11,Active,11/02/2026 08:00:00,Notebook\n" +
		"SW-CORE,Switch,,10.0.0.2,00:1B:44:11:3A:B9,Cisco,C9300,FOC123,,Stolen,11/13/2026 08:00:00,\n"},
	{name: "Snipe-IT", text: "Company,Item Name,Asset Tag,Category,Status,Model name,Model Number,Serial number,Manufacturer,Location,Purchase Date,Purchase Cost\n" +
		"Hospital,,LT-77,Laptop,Deployed,Latitude 5440,5440,ABC123,Dell,ICU,2025-01-01,\"1,234.00\"\n"},
	{name: "Intune devices", text: "Device ID,Device name,Enrollment date,Last check-in,OS version,Serial number,Manufacturer,Model,Primary user UPN,Encrypted,OS,EthernetMAC,Ownership,Compliance\n" +
		"1,LT-33,2025-01-01 00:00:00.0000000,2026-11-20 08:00:00.0000000,10.0.22631.1,PF999,LENOVO,20W0,ann@hospital.example,True,Windows,001B44113AC0,Company,Compliant\n"},
	{name: "biomedical maintenance system", text: "Control Number|Description|Manufacturer|Model|Serial Number|UDI|Department Location|Risk Level|Status|MDS2 on file\n" +
		"BME-1|INFUSION PUMP|Contoso|P3000|8100-1|(01)00812345678901(21)8100-1|ICU|High|In Service|Y\n" +
		"BME-2|Ventilator|Fabrikam|V60|V-2||ICU|Life Support|Retired|\n"},
	{name: "vendors", text: "Vendor Name,Services Provided,Risk Tier,Business Associate (Y/N),BAA on file,BAA Date,Security Requirements,Breach Notification Time,Contract Expiration,Last Assessment,SBOM Date,Security Contact\n" +
		"Contoso  Imaging,PACS,Tier 1,Y,Executed,1/15/2024,Y,3 days,12/31/2026,2/20/2026,5/4/2026,sec@contoso.example\n" +
		"Fabrikam Laundry,Linen,Low,N,,,N,,6/30/2027,,,\n" +
		"Tailspin Billing,Billing,purple,Y,Pending,,,60 days,,,,\n"},
}

func TestExports(t *testing.T) {
	var b strings.Builder
	for _, x := range exports {
		fmt.Fprintf(&b, "=== %s\n", x.name)
		var edits []func(*collect.Input)
		for i := 0; i+1 < len(x.options); i += 2 {
			edits = append(edits, option(x.options[i], x.options[i+1]))
		}
		p, err := parse(t, x.text, edits...)
		if err != nil {
			fmt.Fprintf(&b, "refused: %v\n", err)
			continue
		}
		fmt.Fprintf(&b, "%s, stream %s\n", p.Batch.File.Format, p.Batch.Stream.ID)
		for _, c := range p.Mapping.Columns {
			if c.Field == "" {
				fmt.Fprintf(&b, "left out: %s\n", c.Header)
			}
		}
		b.WriteString(facts(p.Batch))
		for _, n := range p.Batch.Notes {
			fmt.Fprintf(&b, "note: %s: %s\n", n.What, n.Why)
		}
	}
	golden := filepath.Join("testdata", "exports.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

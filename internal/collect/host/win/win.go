// Package win reads what Windows says of itself through one read-only script:
// hardware, protection, volumes, local accounts and ports. The script is fixed
// text and asks; it sets nothing. Parsing is a pure function of its output.
package win

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Script is what PowerShell is given. Each question stands by itself, so one
// that is refused for want of rights leaves the others answered.
const Script = `$ErrorActionPreference='SilentlyContinue'
$ProgressPreference='SilentlyContinue'
[Console]::OutputEncoding=[Text.Encoding]::UTF8
function t($d){ if($d){ $d.ToUniversalTime().ToString('o') } else { '' } }
$o=@{}
$o.serial="$((Get-CimInstance Win32_BIOS).SerialNumber)"
$o.chassis=@((Get-CimInstance Win32_SystemEnclosure).ChassisTypes)
$o.boot=t((Get-CimInstance Win32_OperatingSystem).LastBootUpTime)
$o.defender=Get-MpComputerStatus | Select-Object AMRunningMode,AntivirusEnabled,RealTimeProtectionEnabled,IsTamperProtected
$o.antivirus=@(Get-CimInstance -Namespace root/SecurityCenter2 -ClassName AntiVirusProduct | Select-Object displayName,productState)
$o.volumes=@(Get-Volume | Where-Object { $_.DriveLetter } | ForEach-Object { @{letter="$($_.DriveLetter)";filesystem="$($_.FileSystem)";type="$($_.DriveType)";size=[int64]$_.Size} })
$b=@(Get-BitLockerVolume -ErrorVariable be | ForEach-Object { @{mount="$($_.MountPoint)";protection="$($_.ProtectionStatus)";status="$($_.VolumeStatus)"} })
$o.bitlocker=$b
$o.bitlocker_error="$($be | Select-Object -First 1)"
$o.users=@(Get-LocalUser | ForEach-Object { @{name=$_.Name;full="$($_.FullName)";enabled=[bool]$_.Enabled;last=t($_.LastLogon);set=t($_.PasswordLastSet);expires=t($_.PasswordExpires);required=[bool]$_.PasswordRequired;sid="$($_.SID)"} })
$o.admins=@(Get-LocalGroupMember -SID S-1-5-32-544 | ForEach-Object { "$($_.SID)" })
$n=@{}
Get-Process | ForEach-Object { $n[[int]$_.Id]=$_.ProcessName }
$o.ports=@(Get-NetTCPConnection -State Listen | ForEach-Object { @{address="$($_.LocalAddress)";port=[int]$_.LocalPort;process="$($n[[int]$_.OwningProcess])"} })
$o.time="$((Get-Service w32time).Status)"
$o.ssh="$((Get-Service sshd).Status)"
ConvertTo-Json -InputObject $o -Depth 5 -Compress`

// Report is the script's answer.
type Report struct {
	Serial         string      `json:"serial"`
	Chassis        []int       `json:"chassis"`
	Boot           string      `json:"boot"`
	Defender       *Defender   `json:"defender"`
	Antivirus      []Antivirus `json:"antivirus"`
	Volumes        []Volume    `json:"volumes"`
	BitLocker      []BitLocker `json:"bitlocker"`
	BitLockerError string      `json:"bitlocker_error"`
	Users          []User      `json:"users"`
	Admins         []string    `json:"admins"` // SIDs
	Ports          []Port      `json:"ports"`
	Time           string      `json:"time"`
	SSH            string      `json:"ssh"`
}

// Defender is the state of Microsoft Defender.
type Defender struct {
	Mode      string `json:"AMRunningMode"`
	Enabled   bool   `json:"AntivirusEnabled"`
	RealTime  bool   `json:"RealTimeProtectionEnabled"`
	Protected bool   `json:"IsTamperProtected"`
}

// Antivirus is a product registered with the Security Center.
type Antivirus struct {
	Name  string `json:"displayName"`
	State int64  `json:"productState"`
}

// Running reports the second byte of the product's state, of which bit 4 says
// that it is on.
func (a Antivirus) Running() bool { return a.State>>12&1 == 1 }

// Volume is a drive with a letter.
type Volume struct {
	Letter     string `json:"letter"`
	Filesystem string `json:"filesystem"`
	Type       string `json:"type"` // Fixed, Removable, CD-ROM
	Size       int64  `json:"size"`
}

// BitLocker is the encryption of a volume.
type BitLocker struct {
	Mount      string `json:"mount"`
	Protection string `json:"protection"` // On, Off, Unknown
	Status     string `json:"status"`     // FullyEncrypted, FullyDecrypted, EncryptionInProgress, …
}

// Encrypted reports whether data at rest is safe: all of it is encrypted, and
// the key is not lying beside it, as while protection is suspended.
func (b BitLocker) Encrypted() bool {
	return strings.HasPrefix(b.Status, "FullyEncrypted") && b.Protection == "On"
}

// User is a local account.
type User struct {
	Name     string `json:"name"`
	Full     string `json:"full"`
	Enabled  bool   `json:"enabled"`
	Last     string `json:"last"`
	Set      string `json:"set"`
	Expires  string `json:"expires"`
	Required bool   `json:"required"`
	SID      string `json:"sid"`
}

// BuiltIn reports whether Windows made the account itself: the last part of
// its SID is below 1000.
func (u User) BuiltIn() bool {
	rid := u.SID[strings.LastIndexByte(u.SID, '-')+1:]
	return len(rid) > 0 && len(rid) <= 3
}

// Port is a listening TCP port.
type Port struct {
	Address string `json:"address"`
	Port    int64  `json:"port"`
	Process string `json:"process"`
}

// maxReport bounds the script's output.
const maxReport = 32 << 20

// Parse reads the script's output.
func Parse(b []byte) (*Report, error) {
	if len(b) > maxReport {
		return nil, fmt.Errorf("the answer of PowerShell has more than %d bytes", maxReport)
	}
	s := strings.TrimSpace(strings.TrimPrefix(string(b), "\uFEFF"))
	var r Report
	if err := json.Unmarshal([]byte(s), &r); err != nil {
		return nil, fmt.Errorf("the answer of PowerShell: %w", err)
	}
	return &r, nil
}

// Moment reads a time of the report; the zero time stands for none.
func Moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1990 {
		return time.Time{}
	}
	return t.UTC()
}

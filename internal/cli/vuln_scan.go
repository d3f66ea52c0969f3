package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/app"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/cyclonedx"
	"github.com/asepsis/asepsis/internal/collect/list"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/feed"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/scan"
)

// vulnScanCmd judges one list and keeps nothing. It opens the feed alone, not the
// data folder, so that it can stand in a build or a cron job of every machine.
type vulnScanCmd struct {
	File string `arg:"" help:"Bill of materials or list of software; - reads CycloneDX JSON from standard input."`
	Feed string `help:"Feed file; by default the one in force." type:"existingfile" placeholder:"FILE"`
}

func (c *vulnScanCmd) Run(ctx context.Context, r *runner) (err error) {
	if err := r.localOnly("vuln scan"); err != nil {
		return err
	}
	path := c.Feed
	if path == "" {
		cfg, err := r.configuration()
		if err != nil {
			return err
		}
		if path, err = feed.Current(filepath.Join(cfg.DataDir, "feeds")); err != nil {
			return errs.Hint(errs.Wrap(errs.NotFound, errors.New("no advisories are in force")), "bring some with asepsis feed update, or name a file with --feed")
		}
	}
	f, err := feed.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	limits := scan.Limits{Components: collect.DefaultLimits().Items, Stale: app.Stale(f, r.Now())}
	if r.JSON {
		t, err := c.judge(ctx, r, f, r.Stdout, limits)
		return cmp.Or(err, scanned(t))
	}
	var b bytes.Buffer
	t, err := c.judge(ctx, r, f, &b, limits)
	if err != nil {
		return err
	}
	if err := r.printScan(b.Bytes(), t); err != nil {
		return err
	}
	return scanned(t)
}

// scanned is what scripts are told: something is affected, or nothing could be judged.
func scanned(t scan.Totals) error {
	switch {
	case t.Affected > 0:
		return found{count(t.Affected, "component is", "components are") + " affected"}
	case t.NotAffected == 0:
		return found{"nothing could be assessed"}
	}
	return nil
}

// judge reads the list. CycloneDX is judged as it is read; other formats are read whole.
func (c *vulnScanCmd) judge(ctx context.Context, r *runner, f *feed.Feed, w io.Writer, limits scan.Limits) (scan.Totals, error) {
	if c.File == "-" {
		return scan.Report(bufio.NewReaderSize(r.Stdin, 64<<10), w, f.DB, limits)
	}
	file, size, mod, err := openFile(c.File)
	if err != nil {
		return scan.Totals{}, err
	}
	defer file.Close()
	in := collect.Input{Name: filepath.Base(c.File), R: file, Size: size, ModTime: mod, Now: r.Now().UTC(), Limits: collect.DefaultLimits(), OnFault: collect.RefuseFile}
	head, err := in.Head()
	if err != nil {
		return scan.Totals{}, err
	}
	if isJSON(head) && (cyclonedx.Importer{}).Recognize(in.Name, head) > 0 {
		return scan.Report(file, w, f.DB, limits)
	}
	im, err := collect.Recognize(list.Importers(), in)
	if err != nil {
		return scan.Totals{}, err
	}
	in.Options = map[string]string{"asset": "scanned"} // which machine it is does not matter: nothing is kept
	p, err := im.Parse(ctx, in)
	if err != nil {
		return scan.Totals{}, err
	}
	if len(p.Batch.Components) == 0 {
		return scan.Totals{}, collect.Refuse(in, im.Format().ID, 0, "it lists no software", "bring a bill of materials or a list of packages; other reports are for asepsis import")
	}
	return scan.ReportList(p.Batch.Components, w, f.DB, limits)
}

func isJSON(head []byte) bool {
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	return len(head) > 0 && head[0] == '{'
}

// scanReport is what printing needs of the report.
type scanReport struct {
	Feed       string `json:"feed"`
	Components []struct {
		Name     string `json:"name"`
		Version  string `json:"version"`
		Verdict  string `json:"verdict"`
		Affected []struct {
			Advisory string   `json:"advisory"`
			Flaws    []string `json:"flaws"`
			Fixed    string   `json:"fixed"`
			Likely   bool     `json:"likely"`
		} `json:"affected"`
	} `json:"components"`
}

func (r *runner) printScan(b []byte, t scan.Totals) error {
	var rep scanReport
	if err := json.Unmarshal(b, &rep); err != nil {
		return fmt.Errorf("read the report: %w", err)
	}
	w, p := r.Stdout, r.palette()
	tab := table{width: r.Width}
	for _, c := range rep.Components {
		seen := make(map[string]bool)
		for _, h := range c.Affected {
			mend, sure := "no fix is named", ""
			if h.Fixed != "" {
				mend = "fixed in " + h.Fixed
			}
			if h.Likely {
				sure = " (likely)"
			}
			flaws := strings.Join(h.Flaws[:min(len(h.Flaws), 4)], ", ")
			if n := len(h.Flaws) - 4; n > 0 {
				flaws += fmt.Sprintf(" and %d more", n)
			}
			// Advisories of one flaw with one fix say it once.
			if line := flaws + mend + sure; !seen[line] {
				seen[line] = true
				tab.add(p.bold(c.Name), c.Version, mend, flaws+sure)
			}
		}
	}
	if err := tab.print(w); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %d affected, %d not affected, %s\n", count(t.Components, "component", "components"), t.Affected, t.NotAffected,
		p.bold(fmt.Sprintf("%d not assessed", t.NotAssessed)))
	for _, why := range slices.SortedFunc(maps.Keys(t.Why), func(a, b vuln.Reason) int { return cmp.Or(t.Why[b]-t.Why[a], int(a)-int(b)) }) {
		fmt.Fprintf(w, "  %d × %s\n", t.Why[why], why.Say())
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	goruntime "runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The browser tests use the site as people do, in Chromium, by mouse and keyboard. One process serves all of them.
// It is started by the first test that needs it, and stopped here.
func TestMain(m *testing.M) {
	runMoreAtOnce()
	code := m.Run()
	stopChromium()
	removeBuilt()
	stopPostgres()
	os.Exit(code)
}

// runMoreAtOnce is for tests that wait more than they compute: for the disk, for another process, for a deadline.
func runMoreAtOnce() {
	flag.Parse()
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "test.parallel" })
	if !set {
		_ = flag.Set("test.parallel", strconv.Itoa(2*goruntime.GOMAXPROCS(0)))
	}
}

var chromium = sync.OnceValues(startChromium)

var stopChromium = func() {}

// removeBuilt is for the tests that build the program.
var removeBuilt = func() {}

var errNoChromium = errors.New(
	"no Chromium: get it with 'apt-get install chromium', or install Chromium or Chrome, to run the browser tests")

// chromiumOptions are for every process of Chromium that tests start.
func chromiumOptions() ([]chromedp.ExecAllocatorOption, error) {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, errNoChromium
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.DisableGPU,
		chromedp.Flag("force-prefers-reduced-motion", true),              // while a view changes, nothing can be clicked
		chromedp.Flag("host-resolver-rules", "MAP *.internal 127.0.0.1"), // hosts from which plain http is not as good as https
		chromedp.Flag("disable-features", "PreloadTopChromeWebUI"),       // parts of windows that nobody sees take time
	}
	// Nothing but the site is asked for anything, and tabs in the background are as quick as the one in front.
	for _, flag := range []string{
		"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync",
		"disable-dev-shm-usage", "disable-extensions", "disable-background-timer-throttling",
		"disable-backgrounding-occluded-windows", "disable-renderer-backgrounding",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	return options, nil
}

func startChromium() (context.Context, error) {
	options, err := chromiumOptions()
	if err != nil {
		return nil, err
	}
	allocator, freeAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	stopChromium = func() {
		closeBrowser()
		freeAllocator()
	}
	return ctx, chromedp.Do(ctx)
}

// A tab is a tab of Chromium with cookies of its own. The test fails when anything complains in it: a script, the
// Content-Security-Policy, or the browser about the page.
type tab struct {
	t    testing.TB
	ctx  context.Context
	site *site
	// withoutScripts is set when no listener is called and nothing moves by itself.
	withoutScripts bool

	mu         sync.Mutex
	complaints []string
	expected   []string
}

// newTab opens a tab on a page of the site.
func (s *site) newTab(path string) *tab {
	s.t.Helper()
	b := s.emptyTab()
	b.goTo(path)
	return b
}

// newTabWithoutScripts opens a tab in which JavaScript is off.
func (s *site) newTabWithoutScripts(path string) *tab {
	s.t.Helper()
	b := s.emptyTab()
	b.turnScriptsOff()
	b.goTo(path)
	return b
}

func (b *tab) turnScriptsOff() {
	b.t.Helper()
	b.withoutScripts = true
	tell(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// tabTime is for everything that a test does in one tab. Only a test that hangs needs it.
const tabTime = 10 * time.Minute

func (s *site) emptyTab() *tab {
	s.t.Helper()
	browser, err := chromium()
	switch {
	case errors.Is(err, errNoChromium) && os.Getenv("CI") != "true":
		s.t.Skip(err)
	case err != nil:
		s.t.Fatalf("start Chromium: %v", err)
	}
	b, closeTab := s.openTab(browser, chromedp.WithNewBrowserContext())
	s.t.Cleanup(closeTab)
	return b
}

func (s *site) openTab(browser context.Context, options ...chromedp.ContextOption) (b *tab, closeTab func()) {
	s.t.Helper()
	b = &tab{t: s.t, site: s}
	ctx, closeContext := chromedp.NewContext(browser, append(options, chromedp.WithListener(b.listen))...)
	if err := chromedp.Do(ctx); err != nil {
		s.t.Fatalf("open a tab: %v", err)
	}
	var cancel context.CancelFunc
	b.ctx, cancel = context.WithTimeout(ctx, tabTime)
	tell(b, audits.Enable, cdp.Empty{})
	// Each tab takes itself for the one in front, so that focus works in it.
	tell(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	b.resize(1280, 800)
	return b, func() {
		b.reportComplaints()
		cancel()
		closeContext()
	}
}

// tell sends a command of the DevTools protocol and returns its answer.
func tell[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	answer, err := chromedp.Call(b.ctx, command, params)
	if err != nil {
		b.t.Fatalf("%s: %v", command.Method, err)
	}
	return answer
}

func (b *tab) listen(event any) {
	switch event := event.(type) {
	case *runtime.EventConsoleAPICalled:
		b.complain("console.%s: %s", event.Type, event.Args[0].Value)
	case *runtime.EventExceptionThrown:
		b.complain("uncaught: %s %s", event.ExceptionDetails.Text, event.ExceptionDetails.Exception.Description)
	case *log.EventEntryAdded:
		if entry := event.Entry; entry.Level != log.EntryLevelInfo && !isOnlyAStatus(entry) {
			b.complain("%s %s: %s %s", entry.Source, entry.Level, entry.Text, entry.URL)
		}
	case *fetch.EventAuthRequired:
		b.complain("asks for a name and a password of its own at %s", event.Request.URL)
		answer := &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth}
		go chromedp.Call(b.ctx, fetch.ContinueWithAuth, fetch.ContinueWithAuthParams{RequestID: event.RequestID, AuthChallengeResponse: answer})
	case *fetch.EventRequestPaused:
		go chromedp.Call(b.ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: event.RequestID})
	case *audits.EventIssueAdded:
		details := ""
		if event.Issue.Details != nil && event.Issue.Details.GenericIssueDetails != nil {
			details = string(event.Issue.Details.GenericIssueDetails.ErrorType)
		}
		b.complain("issue: %s %s", event.Issue.Code, details)
	}
}

// isOnlyAStatus reports whether an entry of the browser's log says no more than that an answer had a status of 400
// or above, which Chromium puts there by itself.
func isOnlyAStatus(entry *log.Entry) bool {
	return entry.Source == log.EntrySourceNetwork &&
		strings.HasPrefix(entry.Text, "Failed to load resource: the server responded with a status of ")
}

func (b *tab) complain(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = append(b.complaints, fmt.Sprintf(format, args...))
}

// expectComplaints says what may be complained about from now on: a request that fails on purpose, say.
func (b *tab) expectComplaints(texts ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, texts...)
}

func (b *tab) reportComplaints() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, complaint := range b.complaints {
		if !containsAny(complaint, b.expected) {
			b.t.Errorf("the browser complains: %s", complaint)
		}
	}
}

func containsAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

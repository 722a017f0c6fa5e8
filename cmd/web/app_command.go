package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"latchkey/internal/forward"
	"latchkey/internal/store"
)

type appCommand struct {
	List   appListCommand   `cmd:"" help:"List the apps, and who may enter them."`
	Add    appAddCommand    `cmd:"" help:"Put an app behind the sign-in."`
	Set    appSetCommand    `cmd:"" help:"Change an app's name, or who may enter it."`
	Check  appCheckCommand  `cmd:"" help:"Ask an app's public address as somebody who is not signed in, and say what the proxy has wrong."`
	Remove appRemoveCommand `cmd:"" help:"Remove an app, and end all sign-ins in it."`
}

// everyone stands for all accounts where groups are named.
const everyone = "everyone"

// appArg is the argument of the commands about one app.
type appArg struct {
	Host string `arg:"" help:"Host of the app, as in photos.example.org."`
}

func (a appArg) host() (string, error) {
	host, ok := forward.Host(a.Host)
	if !ok {
		return "", fmt.Errorf("%q is not a host, as in photos.example.org", a.Host)
	}
	return host, nil
}

// appAccess says who may enter.
type appAccess struct {
	Name string   `env:"-" placeholder:"NAME" help:"What pages call the app; its host otherwise."`
	For  []string `env:"-" placeholder:"GROUP" help:"Groups that may enter, separated by commas, or everyone."`
	Yes  bool     `env:"-" help:"Let in everybody on the internet, where signup is open."`

	RequireSecondFactor *bool `env:"-" negatable:"" help:"Let in only people with a second factor."`
}

// apply changes what was given.
func (a appAccess) apply(app *store.App, s *settings) error {
	if a.Name != "" {
		if strings.ContainsFunc(a.Name, unicode.IsControl) || len(a.Name) > 100 {
			return fmt.Errorf("%q is not a name of 1 to 100 characters", a.Name)
		}
		app.Name = a.Name
	}
	if a.RequireSecondFactor != nil {
		app.SecondFactor = *a.RequireSecondFactor
	}
	if a.For == nil {
		return nil
	}
	app.Groups = slices.Compact(slices.Sorted(slices.Values(a.For)))
	app.Everyone = slices.Equal(app.Groups, []string{everyone})
	if app.Everyone {
		app.Groups = nil
	}
	if app.Everyone && s.Signup == "open" && !a.Yes {
		return errors.New("signup is open: everyone is the whole internet; name a group, serve with --signup=closed, or add --yes")
	}
	return nil
}

type appAddCommand struct {
	appArg
	appAccess
}

func (c appAddCommand) Run(ctx context.Context, to output, s *settings) error {
	host, err := c.host()
	if err != nil {
		return err
	}
	if isSiteHost(host, s) {
		return errors.New("this is the host of the sign-in itself; browsers send cookies to all ports of a host, give the app another")
	}
	app := store.App{Host: host, Name: host}
	if err := c.apply(&app, s); err != nil {
		return err
	}
	return withStore(ctx, to, s, func(db *store.Store) error {
		if err := explainApp(db.AddApp(ctx, app, time.Now()), app); err != nil {
			return err
		}
		logChange(to, s, "app added", "host", app.Host, "for", entrants(app))
		return report(to, "%s", whoMayEnter(app))
	})
}

// isSiteHost reports whether the app would share its cookies with the sign-in itself: cookies know no ports (RFC 6265,
// section 8.5).
func isSiteHost(host string, s *settings) bool {
	if s.URL == nil {
		return false
	}
	site, _ := forward.Host(s.URL.Hostname())
	name, _, _ := strings.Cut(host, ":")
	return name == site
}

type appSetCommand struct {
	appArg
	appAccess
}

func (c appSetCommand) Run(ctx context.Context, to output, s *settings) error {
	host, err := c.host()
	if err != nil {
		return err
	}
	return withStore(ctx, to, s, func(db *store.Store) error {
		app, err := db.ChangeApp(ctx, host, func(app *store.App) error { return c.apply(app, s) })
		if err != nil {
			app.Host = host
			return explainApp(err, app)
		}
		logChange(to, s, "app changed", "host", app.Host, "for", entrants(app))
		return report(to, "%s", whoMayEnter(app))
	})
}

type appRemoveCommand struct{ appArg }

func (c appRemoveCommand) Run(ctx context.Context, to output, s *settings) error {
	return withStore(ctx, to, s, func(db *store.Store) error {
		// As it is listed: an older version may have taken what is no host today.
		host := c.Host
		err := db.RemoveApp(ctx, host)
		if errors.Is(err, store.ErrNoApp) {
			if host, err = c.host(); err != nil {
				return err
			}
			err = db.RemoveApp(ctx, host)
		}
		if err := explainApp(err, store.App{Host: host}); err != nil {
			return err
		}
		logChange(to, s, "app removed", "host", host)
		return report(to, "%s is removed.", host)
	})
}

type appListCommand struct {
	JSON bool `name:"json" env:"-" help:"One JSON object a line."`
}

// appJSON is an app as programs read it.
type appJSON struct {
	Host     string   `json:"host"`
	Name     string   `json:"name"`
	Everyone bool     `json:"everyone"`
	Groups   []string `json:"groups"`

	SecondFactor bool `json:"second_factor"`
}

func (c appListCommand) Run(ctx context.Context, to output, s *settings) error {
	return reading(ctx, s, func(db *store.Store) error {
		apps, err := db.Apps(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			encoder := json.NewEncoder(to.out)
			for _, app := range apps {
				if err := encoder.Encode(appJSON{app.Host, app.Name, app.Everyone, append([]string{}, app.Groups...), app.SecondFactor}); err != nil {
					return err
				}
			}
			return nil
		}
		table := tabwriter.NewWriter(to.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "HOST\tNAME\tFOR\tSECOND FACTOR")
		for _, app := range apps {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", app.Host, app.Name, entrants(app), wordIf(app.SecondFactor, "required"))
		}
		return table.Flush()
	})
}

func entrants(app store.App) string {
	switch {
	case app.Everyone:
		return everyone
	case len(app.Groups) == 0:
		return "nobody"
	}
	return strings.Join(app.Groups, ",")
}

func whoMayEnter(app store.App) string {
	if !app.Everyone && len(app.Groups) == 0 {
		return app.Host + " lets nobody in yet: latchkey app set " + app.Host + " --for GROUP"
	}
	with := "."
	if app.SecondFactor {
		with = ", with a second factor."
	}
	return app.Host + " lets in " + entrants(app) + with
}

func explainApp(err error, app store.App) error {
	var shared store.SharedCookiesError
	switch {
	case errors.As(err, &shared):
		return fmt.Errorf("there is an app %s, and browsers send cookies to all ports of a host; give %s a host of its own", shared.Host, app.Host)
	case errors.Is(err, store.ErrAppExists):
		return fmt.Errorf("there is an app %s already; change it with app set", app.Host)
	case errors.Is(err, store.ErrNoApp):
		return fmt.Errorf("there is no app %s", app.Host)
	case errors.Is(err, store.ErrNoGroup):
		return fmt.Errorf("one of the groups %s does not exist; make it with group add", strings.Join(app.Groups, ","))
	}
	return err
}

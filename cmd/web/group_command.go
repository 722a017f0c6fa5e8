package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"text/tabwriter"

	"latchkey/internal/store"
	"latchkey/internal/username"
)

type groupCommand struct {
	List   groupListCommand   `cmd:"" help:"List the groups and their members."`
	Add    groupAddCommand    `cmd:"" help:"Make a group, or add accounts to it."`
	Set    groupSetCommand    `cmd:"" help:"Say whether the members of a group need a second factor."`
	Remove groupRemoveCommand `cmd:"" help:"Take accounts out of a group; without any, remove it."`
}

// groupArg is the arguments of the commands about one group.
type groupArg struct {
	Group string   `arg:"" help:"Name of the group: small letters, digits and hyphens."`
	Users []string `arg:"" optional:"" name:"user" help:"Usernames."`
}

// Apps take a comma for the end of a group's name.
var groupName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// Validate is called by kong.
func (g groupArg) Validate() error {
	if !groupName.MatchString(g.Group) || g.Group == everyone {
		return fmt.Errorf("%q is not a name of a group: 1 to 40 small letters, digits and hyphens", g.Group)
	}
	return nil
}

// change does something to the group and the accounts named.
func (g groupArg) change(ctx context.Context, to output, s *settings, do func(db *store.Store, uids []int64) error) error {
	return withStore(ctx, to, s, func(db *store.Store) error {
		var uids []int64
		for _, typed := range g.Users {
			name, problem := username.Lookup(typed)
			if problem != "" {
				return fmt.Errorf("%q: %s", typed, problem)
			}
			user, err := userNamed(ctx, db, name)
			if err != nil {
				return err
			}
			uids = append(uids, user.UID)
		}
		err := do(db, uids)
		if errors.Is(err, store.ErrNoGroup) {
			return fmt.Errorf("there is no group %s", g.Group)
		}
		return err
	})
}

type groupAddCommand struct{ groupArg }

func (c groupAddCommand) Run(ctx context.Context, to output, s *settings) error {
	return c.change(ctx, to, s, func(db *store.Store, uids []int64) error {
		if err := db.AddToGroup(ctx, c.Group, uids); err != nil {
			return err
		}
		logChange(to, s, "added to group", "group", c.Group, "uids", uids)
		return c.tell(ctx, to, db)
	})
}

type groupSetCommand struct {
	Group               string `arg:"" help:"Name of the group."`
	RequireSecondFactor bool   `env:"-" negatable:"" required:"" help:"Its members need a second factor to go on, on the whole site."`
}

func (c groupSetCommand) Run(ctx context.Context, to output, s *settings) error {
	return withStore(ctx, to, s, func(db *store.Store) error {
		err := db.SetGroup(ctx, store.Group{Name: c.Group, SecondFactor: c.RequireSecondFactor})
		if errors.Is(err, store.ErrNoGroup) {
			return fmt.Errorf("there is no group %s", c.Group)
		}
		if err != nil {
			return err
		}
		logChange(to, s, "group changed", "group", c.Group, "second factor", wordIf(c.RequireSecondFactor, "required"))
		if c.RequireSecondFactor {
			return report(to, "The members of %s need a second factor. Those without one are led to set it up.", c.Group)
		}
		return report(to, "The members of %s may go without a second factor.", c.Group)
	})
}

type groupRemoveCommand struct{ groupArg }

func (c groupRemoveCommand) Run(ctx context.Context, to output, s *settings) error {
	return c.change(ctx, to, s, func(db *store.Store, uids []int64) error {
		if err := db.RemoveFromGroup(ctx, c.Group, uids); err != nil {
			return err
		}
		if len(uids) == 0 {
			logChange(to, s, "group removed", "group", c.Group)
			return report(to, "The group %s is removed.", c.Group)
		}
		logChange(to, s, "removed from group", "group", c.Group, "uids", uids)
		return c.tell(ctx, to, db)
	})
}

// tell says who is in the group now.
func (g groupArg) tell(ctx context.Context, to output, db *store.Store) error {
	groups, err := db.Groups(ctx)
	if err != nil {
		return err
	}
	for _, group := range groups {
		if group.Name == g.Group {
			return report(to, "%s: %s", group.Name, members(group))
		}
	}
	return nil
}

func members(group store.Group) string {
	if len(group.Members) == 0 {
		return "nobody"
	}
	return strings.Join(group.Members, " ")
}

type groupListCommand struct {
	JSON bool `name:"json" env:"-" help:"One JSON object a line."`
}

// groupJSON is a group as programs read it.
type groupJSON struct {
	Name    string   `json:"name"`
	Members []string `json:"members"`

	SecondFactor bool `json:"second_factor"`
}

func (c groupListCommand) Run(ctx context.Context, to output, s *settings) error {
	return reading(ctx, s, func(db *store.Store) error {
		groups, err := db.Groups(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			encoder := json.NewEncoder(to.out)
			for _, group := range groups {
				if err := encoder.Encode(groupJSON{group.Name, append([]string{}, group.Members...), group.SecondFactor}); err != nil {
					return err
				}
			}
			return nil
		}
		table := tabwriter.NewWriter(to.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "GROUP\tMEMBERS\tSECOND FACTOR")
		for _, group := range groups {
			fmt.Fprintf(table, "%s\t%s\t%s\n", group.Name, members(group), wordIf(group.SecondFactor, "required"))
		}
		return table.Flush()
	})
}

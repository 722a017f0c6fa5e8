package auth

import (
	"context"
	"errors"
	"fmt"

	"latchkey/internal/sealing"
	"latchkey/internal/store"
)

// KeyFileProblem says why one-time codes cannot be checked with the key file, in words for the administrator, or "" when all
// is well. A file that is missing is none as long as nobody has codes.
func KeyFileProblem(ctx context.Context, db *store.Store, path string) (problem string, err error) {
	key, readErr := sealing.ReadKey(path)
	all, others, err := db.CountCodesOfOtherKeys(ctx, key.ID())
	switch {
	case err != nil:
		return "", err
	case errors.Is(readErr, sealing.ErrNoPath) && all > 0:
		return fmt.Sprintf("codes of %d accounts cannot be checked: name the key file that they were sealed with, --key-file", all), nil
	case readErr != nil && all > 0:
		return fmt.Sprintf("codes of %d accounts cannot be checked: %s: %v", all, path, readErr), nil
	case readErr == nil && others > 0:
		return fmt.Sprintf("codes of %d of %d accounts cannot be checked: %s is not the key that they were sealed with", others, all, path), nil
	case readErr == nil && sealing.ReadableByOthers(path):
		return path + " can be read by other users of this machine; chmod 600 makes it its owner's alone", nil
	}
	return "", nil
}

//go:build !linux

package password

// lowerPriority leaves the priority to the system.
func lowerPriority() {}

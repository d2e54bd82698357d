package redstuff

import (
	"errors"
	"fmt"
)

// ErrAxis: a name or number that is no axis.
var ErrAxis = errors.New("redstuff: unknown axis")

// An Axis tells rows from columns. Its values are those of the wire format.
type Axis uint8

const (
	// Primary slivers are rows of the matrix; any Source(Primary) of them bring the blob back.
	Primary Axis = 0
	// Secondary slivers are columns of the matrix; any Source(Secondary) of them bring the blob back.
	Secondary Axis = 1
)

// Other returns the axis across a.
func (a Axis) Other() Axis { return a ^ 1 }

// String returns "primary" or "secondary", as paths and JSON spell it.
func (a Axis) String() string {
	switch a {
	case Primary:
		return "primary"
	case Secondary:
		return "secondary"
	}
	return fmt.Sprintf("axis(%d)", uint8(a))
}

// ParseAxis reads what [Axis.String] returns. Errors: [ErrAxis].
func ParseAxis(s string) (Axis, error) {
	switch s {
	case "primary":
		return Primary, nil
	case "secondary":
		return Secondary, nil
	}
	return 0, fmt.Errorf("%w: %q is neither primary nor secondary", ErrAxis, s)
}

// MarshalText returns the axis's name.
func (a Axis) MarshalText() ([]byte, error) {
	if a > Secondary {
		return nil, fmt.Errorf("%w: %d", ErrAxis, a)
	}
	return []byte(a.String()), nil
}

// UnmarshalText reads the axis's name.
func (a *Axis) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAxis(string(text))
	return err
}

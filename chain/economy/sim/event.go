package sim

// An Event is one entry of the protocol's event log. Object IDs are left out: the world has handles.
// Source: spec: control-plane.md section 9.
type Event struct {
	Name   string
	Fields []Field
}

// A Field is a named value of an event.
type Field struct {
	Name  string
	Value any
}

// TakeEvents returns the events since the last call.
func (w *World) TakeEvents() []Event {
	events := w.events
	w.events = nil
	return events
}

// emit records an event; pairs alternate names and values.
func (w *World) emit(name string, pairs ...any) {
	e := Event{Name: name}
	for i := 0; i+1 < len(pairs); i += 2 {
		e.Fields = append(e.Fields, Field{pairs[i].(string), pairs[i+1]})
	}
	w.events = append(w.events, e)
}

package access

// quick are tables that answer most questions without following anything.
type quick struct{}

func (x *Index) makeQuick() {}

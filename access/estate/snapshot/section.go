package snapshot

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"latchkey/access/estate"
	"latchkey/csp"
)

// section is a column of the file.
type section struct {
	name string
	// write writes the data, in pieces.
	write func(put func([]byte))
	size  func() int64
	// read reads data of the given length.
	read func(r *source, size int64) error
}

// sections are the columns in the order of version 1.
func sections(c *estate.Columns) []section {
	return []section{
		ids("TenantID", &c.TenantID), numbers("TenantListed", &c.TenantListed), texts("TenantName", &c.TenantName),
		texts("TenantDomain", &c.TenantDomain), numbers("TenantRules", &c.TenantRules), numbers("TenantRoot", &c.TenantRoot),
		numbers("TenantFirst", &c.TenantFirst), texts("DomainName", &c.DomainName), numbers("DomainTenant", &c.DomainTenant),

		ids("PrincipalID", &c.PrincipalID), numbers("PrincipalTenant", &c.PrincipalTenant), numbers("PrincipalKind", &c.PrincipalKind),
		texts("PrincipalName", &c.PrincipalName), texts("PrincipalSignIn", &c.PrincipalSignIn),
		numbers("PrincipalHome", &c.PrincipalHome), numbers("PrincipalHomeIn", &c.PrincipalHomeIn),
		numbers("GroupsFrom", &c.GroupsFrom), numbers("GroupOf", &c.GroupOf), numbers("GroupTerm", &c.GroupTerm),

		numbers("NodeParent", &c.NodeParent), numbers("NodeLast", &c.NodeLast), numbers("NodeTenant", &c.NodeTenant),
		numbers("NodeType", &c.NodeType), texts("NodeName", &c.NodeName), texts("TypeName", &c.TypeName),
		ids("SubscriptionID", &c.SubscriptionID), numbers("SubscriptionNode", &c.SubscriptionNode),
		texts("SubscriptionName", &c.SubscriptionName), numbers("SubscriptionCreator", &c.SubscriptionCreator),

		rows("Roles", &c.Roles, role), numbers("RoleListed", &c.RoleListed),
		rows("DirectoryRoles", &c.DirectoryRoles, directoryRole), numbers("DirectoryListed", &c.DirectoryListed),
		rows("Terms", &c.Terms, term), texts("Conditions", &c.Conditions),

		numbers("AssignmentsFrom", &c.AssignmentsFrom), numbers("AssignmentPrincipal", &c.AssignmentPrincipal),
		numbers("AssignmentRole", &c.AssignmentRole), numbers("AssignmentTerm", &c.AssignmentTerm),
		numbers("AssignmentCondition", &c.AssignmentCondition), numbers("AssignmentType", &c.AssignmentType),
		ids("AssignmentName", &c.AssignmentName), numbers("Described", &c.Described), texts("Description", &c.Description),

		rows("Denials", &c.Denials, denial), rows("DirectoryAssignments", &c.DirectoryAssignments, directoryAssignment),
		rows("Resellers", &c.Resellers, relationship), rows("DAPs", &c.DAPs, relationship), rows("GDAPs", &c.GDAPs, gdap),
		rows("AccessAssignments", &c.AccessAssignments, accessAssignment), rows("Lighthouses", &c.Lighthouses, lighthouse),
		rows("Identities", &c.Identities, managedIdentity), rows("People", &c.People, person), rows("Locks", &c.Locks, lock),
		rows("Policies", &c.Policies, policy), rows("Artefacts", &c.Artefacts, artefact), rows("Usage", &c.Usage, usage),
		rows("Gaps", &c.Gaps, gap),
	}
}

type integer interface {
	~int32 | ~uint32 | ~uint16 | ~uint8
}

// pieceSize is how many bytes are written or read at once.
const pieceSize = 1 << 16

func numbers[N integer](name string, column *[]N) section {
	var zero N
	width := int(unsafe.Sizeof(zero)) // 1, 2 or 4
	return section{
		name: name,
		size: func() int64 { return int64(len(*column)) * int64(width) },
		write: func(put func([]byte)) {
			var piece [pieceSize]byte
			for rest := *column; len(rest) > 0; {
				n := min(len(rest), pieceSize/width)
				encode(piece[:n*width], rest[:n], width)
				put(piece[:n*width])
				rest = rest[n:]
			}
		},
		read: func(r *source, size int64) error {
			if size%int64(width) != 0 {
				return fmt.Errorf("its length, %d, does not hold whole numbers of %d bytes", size, width)
			}
			*column = make([]N, size/int64(width))
			if len(*column) == 0 {
				return nil
			}
			// The bytes go where the numbers will stand, and become numbers there.
			data := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(*column))), size)
			if err := r.fill(data); err != nil {
				return err
			}
			decode(*column, data, width)
			return nil
		},
	}
}

func encode[N integer](to []byte, from []N, width int) {
	switch width {
	case 1:
		for i, n := range from {
			to[i] = byte(n)
		}
	case 2:
		for i, n := range from {
			binary.LittleEndian.PutUint16(to[2*i:], uint16(n))
		}
	default:
		for i, n := range from {
			binary.LittleEndian.PutUint32(to[4*i:], uint32(n))
		}
	}
}

func decode[N integer](to []N, from []byte, width int) {
	switch width {
	case 1:
		for i := range to {
			to[i] = N(from[i])
		}
	case 2:
		for i := range to {
			to[i] = N(binary.LittleEndian.Uint16(from[2*i:]))
		}
	default:
		for i := range to {
			to[i] = N(binary.LittleEndian.Uint32(from[4*i:]))
		}
	}
}

func ids[T csp.Named](name string, column *[]csp.ID[T]) section {
	const width = len(csp.ID[T]{})
	return section{
		name: name,
		size: func() int64 { return int64(len(*column)) * int64(width) },
		write: func(put func([]byte)) {
			var piece [pieceSize]byte
			for rest := *column; len(rest) > 0; {
				n := min(len(rest), pieceSize/width)
				for i := range n {
					copy(piece[i*width:], rest[i][:])
				}
				put(piece[:n*width])
				rest = rest[n:]
			}
		},
		read: func(r *source, size int64) error {
			if size%int64(width) != 0 {
				return fmt.Errorf("its length, %d, does not hold whole ids", size)
			}
			*column = make([]csp.ID[T], size/int64(width))
			if len(*column) == 0 {
				return nil
			}
			return r.fill(unsafe.Slice(&(*column)[0][0], size)) // ids are their bytes
		},
	}
}

// texts are the number of beginnings, the beginnings, and the text.
func texts(name string, column *estate.Strings) section {
	from := numbers(name, &column.From)
	return section{
		name: name,
		size: func() int64 { return 4 + from.size() + int64(len(column.Text)) },
		write: func(put func([]byte)) {
			put(binary.LittleEndian.AppendUint32(nil, uint32(len(column.From))))
			from.write(put)
			put(column.Text)
		},
		read: func(r *source, size int64) error {
			if size < 4 {
				return errShort
			}
			head, err := r.next(4)
			if err != nil {
				return err
			}
			beginnings := 4 * int64(binary.LittleEndian.Uint32(head))
			if size -= 4; beginnings > size {
				return errShort
			}
			if err := from.read(r, beginnings); err != nil {
				return err
			}
			column.Text = make([]byte, size-beginnings)
			return r.fill(column.Text)
		},
	}
}

// rows are written to memory first: they are few.
func rows[R any](name string, column *[]R, code func(*coder, *R)) section {
	var written []byte
	return section{
		name: name,
		size: func() int64 {
			c := coder{}
			list(&c, column, code)
			written = c.data
			return int64(len(written))
		},
		write: func(put func([]byte)) { put(written) },
		read: func(r *source, size int64) error {
			data := make([]byte, size)
			if err := r.fill(data); err != nil {
				return err
			}
			c := coder{reading: true, data: data}
			list(&c, column, code)
			if c.err == nil && len(c.data) > 0 {
				return fmt.Errorf("%d bytes are left over", len(c.data))
			}
			return c.err
		},
	}
}

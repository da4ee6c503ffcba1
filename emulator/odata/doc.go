// Package odata reads the queries that clients send to Microsoft Graph, and runs
// them on entities: $filter, $search, $select, $expand one level deep, $orderby,
// $top, $skip, $count and paging by $skiptoken. It is a subset of OData 4.0 with
// Graph's own limits: what the directory answers only as an advanced query needs
// the header "ConsistencyLevel: eventual" and $count=true.
//
//	query  = {$filter, $select, ...} -> Parse -> Query -> Run(entities) -> Page
//	filter = or; or = and {"or" and}; and = not {"and" not}
//	not    = "not" not | "(" or ")" | call | path "/any(" name ":" or ")" | operand op literal
//
// Strings compare without regard to case, as the directory compares them. What
// cannot be read is a [Refusal] with the code and the sentence that Graph
// answers with; nothing panics, and depth and length are bounded.
package odata

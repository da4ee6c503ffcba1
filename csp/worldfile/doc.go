// Package worldfile reads and writes the world file: partners, customers, people
// and who holds what, as a person writes it down by hand, in YAML.
//
//	partners:
//	  Alder Cloud:
//	    domain: alder.example
//	    users: [ann, bob]
//	    groups:
//	      Contoso support: [bob]
//	    agents:
//	      AdminAgents: [ann]
//
//	customers:
//	  Contoso:
//	    domain: contoso.example
//	    users: [cleo]
//	    reseller: Alder Cloud
//	    gdap:
//	      Support:
//	        partner: Alder Cloud
//	        until: 2027-06-01
//	        groups:
//	          Contoso support: [Helpdesk Administrator]
//	    directory roles:
//	      Global Administrator: cleo
//	    subscriptions:
//	      Production:
//	        created by: Alder Cloud
//	        resource groups:
//	          web:
//	            access:
//	              Reader: cleo
//
// What may be left out is left out: ids are derived from names, sign-in names
// from names and domains, built-in roles are known by name, a partner has its
// three groups of agents, and a subscription that a partner created has the
// partner's foreign principal as Owner (R21). docs/worldfile.md tells every key.
//
// # Promises
//
// [Parse] either returns facts for all of the text, or says what is wrong with
// it, where, and what was expected, up to twenty problems at a time. Nothing is
// skipped: an unknown key or name is a problem. A hostile text is refused with
// bounded memory and in time proportional to its size; package yamltree holds the
// bounds.
//
// [Format] writes facts so that Parse reads the same facts back, in another order
// perhaps, each fact once, and with the places that facts mention spelt alike. It
// uses names where they mean one thing, and ids elsewhere. It refuses facts that
// no world file can say, such as a role assignment without a tenant.
package worldfile

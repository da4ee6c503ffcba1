package largeworld

import (
	"fmt"
	"strings"

	"latchkey/csp"
)

var (
	firstNames = strings.Fields(`Ada Ann Anton Aisha Ben Carla Chen Clara Daniel Diego Elif Emma Erik Fatima Felix Femi Grace Hana Hugo
		Ines Ivan Jack Jana Jonas Julia Kai Kofi Lara Lena Leo Lin Luca Maja Marek Maria Max Mia Mina Nadia Nils Noah Nora Olga Omar
		Paul Petra Priya Rosa Ruben Sam Sara Sofia Tariq Theo Tomas Uma Vera Viktor Yara Yusuf Zoe`)
	lastNames = strings.Fields(`Adeyemi Ahmed Andersson Bauer Becker Berg Bianchi Bond Brandt Castro Cohen Costa Dahl Diaz Dubois Evans
		Ferrari Fischer Fontaine Garcia Gruber Haas Hansen Hoffmann Ito Jansen Jensen Kaya Keller Khan Klein Kovacs Kowalski Larsen Laurent
		Lehmann Lopez Marino Martin Mendes Meyer Moreau Murphy Nagy Nakamura Novak Okafor Olsen Patel Petrov Rossi Sato Schmidt Silva Singh
		Smith Sousa Tanaka Vogel Wagner Weber Wolf Yilmaz Young Ziegler`)
	firms = strings.Fields(`Alder Amber Anchor Arbor Aspen Aurora Beacon Birch Bluebird Bridge Bright Brook Canyon Cedar Cobalt Copper
		Coral Crane Crescent Delta Dune Eagle Elm Ember Falcon Fern Field Flint Fjord Forge Garnet Glacier Granite Harbor Hawthorn Hazel
		Heron Highland Horizon Iris Ivory Jade Juniper Kestrel Lagoon Lark Laurel Linden Lumen Maple Marble Meadow Meridian Mistral Nimbus
		North Oak Olive Onyx Orchard Otter Pearl Pine Prairie Quartz Raven Reed Ridge River Rowan Saffron Sage Sierra Silver Slate Solstice
		Spruce Stone Summit Swift Tamarack Teal Thistle Timber Topaz Valley Vantage Velvet Violet Walnut Willow Wren Zephyr`)
	trades = strings.Fields(`Advisory Airlines Analytics Architects Bakeries Bank Biotech Breweries Ceramics Clinics Coffee Construction
		Consulting Dental Design Dynamics Energy Engineering Farms Finance Foods Freight Furniture Health Hotels Imaging Insurance Labs
		Learning Legal Logistics Machines Marine Media Metals Mobility Motors Networks Optics Outdoor Packaging Paper Pharma Plastics
		Power Press Print Properties Rail Recruiting Retail Robotics Schools Security Shipping Software Solar Sports Steel Studios Supply
		Systems Textiles Tools Trading Travel Trust Utilities Ventures Water Wines Works`)
	apps    = strings.Fields("shop crm erp web api data bi hr mail iot backup hub identity intranet portal payroll search billing docs lab")
	stages  = []string{"prod", "test", "prod", "dev", "prod", "stage"}
	regions = strings.Fields("weu neu gwc frc uks sdc chn eus")
	teams   = strings.Fields("Azure Network Security Desktop Database Backup Identity Modern-Work Licensing Service-Desk On-Call Projects")
)

// resourceTypes are the types of resources with the beginning of their names, the
// most frequent first.
var resourceTypes = []struct{ kind, prefix string }{
	{"Microsoft.Compute/disks", "disk"},
	{"Microsoft.Network/networkInterfaces", "nic"},
	{"Microsoft.Compute/virtualMachines", "vm"},
	{"Microsoft.Storage/storageAccounts", "st"},
	{"Microsoft.Network/networkSecurityGroups", "nsg"},
	{"Microsoft.Network/publicIPAddresses", "pip"},
	{"Microsoft.Network/virtualNetworks", "vnet"},
	{"Microsoft.Web/sites", "app"},
	{"Microsoft.KeyVault/vaults", "kv"},
	{"Microsoft.Insights/components", "appi"},
	{"Microsoft.OperationalInsights/workspaces", "log"},
	{"Microsoft.Sql/servers", "sql"},
	{"Microsoft.Web/serverFarms", "plan"},
	{"Microsoft.RecoveryServices/vaults", "rsv"},
	{"Microsoft.ManagedIdentity/userAssignedIdentities", "id"},
	{"Microsoft.Automation/automationAccounts", "aa"},
	{"Microsoft.ContainerRegistry/registries", "cr"},
	{"Microsoft.ContainerService/managedClusters", "aks"},
	{"Microsoft.Logic/workflows", "logic"},
	{"Microsoft.ServiceBus/namespaces", "sb"},
}

// azureRoles are the roles that are assigned, the most frequent first.
var azureRoles = []string{
	"Reader", "Contributor", "Virtual Machine Contributor", "Owner", "Storage Blob Data Contributor", "Key Vault Secrets User",
	"Backup Contributor", "Monitoring Reader", "Network Contributor", "Storage Blob Data Reader", "AcrPull",
	"Virtual Machine Administrator Login", "Website Contributor", "Log Analytics Contributor", "Key Vault Administrator",
	"User Access Administrator", "SQL DB Contributor", "Monitoring Contributor", "Security Reader", "Cost Management Reader",
	"Virtual Machine User Login", "Managed Identity Operator", "Automation Operator", "Storage Account Contributor",
	"Private DNS Zone Contributor", "Azure Kubernetes Service Cluster User Role", "Tag Contributor", "Billing Reader",
	"Role Based Access Control Administrator", "Support Request Contributor", "Security Admin", "Storage Queue Data Contributor",
}

// directoryRoles are those that GDAP lends, and that customers give.
var directoryRoles = []string{
	"Global Reader", "Directory Readers", "Service Support Administrator", "Helpdesk Administrator", "User Administrator",
	"License Administrator", "Groups Administrator", "Exchange Administrator", "SharePoint Administrator", "Teams Administrator",
	"Intune Administrator", "Security Reader", "Security Administrator", "Application Administrator", "Cloud Application Administrator",
	"Authentication Administrator", "Privileged Authentication Administrator", "Privileged Role Administrator", "Global Administrator",
	"Billing Administrator", "Directory Writers",
}

func (c chance) person() (first, last string) { return pick(c, firstNames), pick(c, lastNames) }

// user is a user with a sign-in name that no other number gets in the domain.
func (c chance) user(tenant csp.TenantID, domain csp.Domain, number int) csp.Principal {
	first, last := c.person()
	return csp.Principal{
		ID: newID[csp.Principal](c), Tenant: tenant, Type: csp.User, Name: first + " " + last,
		SignInName: fmt.Sprintf("%s.%s%d@%s", strings.ToLower(first), strings.ToLower(last), number, domain),
	}
}

func (c chance) group(tenant csp.TenantID, name string) csp.Principal {
	return csp.Principal{ID: newID[csp.Principal](c), Tenant: tenant, Type: csp.Group, Name: name}
}

// firm is the name of a customer; a number tells apart those that share one.
func firm(i int) string {
	first, round := i%len(firms), i/len(firms)
	name := firms[first] + " " + trades[(round+7*first)%len(trades)]
	if again := round / len(trades); again > 0 {
		name += fmt.Sprintf(" %d", again+1)
	}
	return name
}

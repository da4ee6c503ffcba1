package graph

import "latchkey/emulator/odata"

// properties makes the table of a type from lists of names by kind.
func properties(texts, bools, times, lists, complexes, numbers []string) map[string]odata.Kind {
	all := make(map[string]odata.Kind)
	for kind, names := range map[odata.Kind][]string{odata.Text: texts, odata.Bool: bools, odata.Time: times, odata.Texts: lists, odata.Complex: complexes, odata.Number: numbers} {
		for _, name := range names {
			all[name] = kind
		}
	}
	return all
}

// The types of the directory. They have the properties that clients ask for;
// those this emulator knows nothing of are null.
var (
	objectType = &odata.Type{Name: "microsoft.graph.directoryObject", Directory: true}

	userType = &odata.Type{
		Name: "microsoft.graph.user", Directory: true,
		Properties: properties(
			[]string{
				"id", "displayName", "userPrincipalName", "mail", "mailNickname", "userType", "externalUserState", "creationType", "givenName", "surname", "jobTitle", "department", "companyName",
				"officeLocation", "mobilePhone", "preferredLanguage", "usageLocation", "employeeId", "country", "city", "state", "streetAddress", "postalCode", "onPremisesImmutableId", "onPremisesSamAccountName", "ageGroup",
			},
			[]string{"accountEnabled", "onPremisesSyncEnabled"},
			[]string{"createdDateTime", "deletedDateTime", "externalUserStateChangeDateTime", "signInSessionsValidFromDateTime", "refreshTokensValidFromDateTime", "lastPasswordChangeDateTime"},
			[]string{"businessPhones", "otherMails", "proxyAddresses", "imAddresses"},
			[]string{"passwordProfile", "signInActivity", "assignedLicenses", "assignedPlans", "identities", "onPremisesExtensionAttributes"}, nil),
		Default: []string{"id", "displayName", "userPrincipalName", "mail", "givenName", "surname", "jobTitle", "officeLocation", "mobilePhone", "preferredLanguage", "businessPhones"},
	}

	groupType = &odata.Type{
		Name: "microsoft.graph.group", Directory: true,
		Properties: properties(
			[]string{"id", "displayName", "description", "mail", "mailNickname", "visibility", "membershipRule", "membershipRuleProcessingState", "classification", "preferredDataLocation", "preferredLanguage", "securityIdentifier", "theme", "uniqueName"},
			[]string{"mailEnabled", "securityEnabled", "isAssignableToRole", "onPremisesSyncEnabled"},
			[]string{"createdDateTime", "deletedDateTime", "expirationDateTime", "renewedDateTime", "onPremisesLastSyncDateTime"},
			[]string{"groupTypes", "creationOptions", "proxyAddresses", "resourceBehaviorOptions", "resourceProvisioningOptions"},
			[]string{"onPremisesProvisioningErrors", "serviceProvisioningErrors"}, nil),
	}

	principalType = &odata.Type{
		Name: "microsoft.graph.servicePrincipal", Directory: true,
		Properties: properties(
			[]string{"id", "appId", "displayName", "appDisplayName", "appOwnerOrganizationId", "servicePrincipalType", "description", "homepage", "loginUrl", "notes", "signInAudience", "preferredSingleSignOnMode"},
			[]string{"accountEnabled", "appRoleAssignmentRequired"}, []string{"createdDateTime", "deletedDateTime"},
			[]string{"servicePrincipalNames", "alternativeNames", "replyUrls", "tags", "notificationEmailAddresses"},
			[]string{"appRoles", "oauth2PermissionScopes", "keyCredentials", "passwordCredentials", "info"}, nil),
	}

	applicationType = &odata.Type{
		Name: "microsoft.graph.application", Directory: true,
		Properties: properties(
			[]string{"id", "appId", "displayName", "signInAudience", "publisherDomain", "description", "groupMembershipClaims", "notes"},
			[]string{"isFallbackPublicClient"}, []string{"createdDateTime", "deletedDateTime"}, []string{"identifierUris", "tags"},
			[]string{"web", "spa", "publicClient", "api", "appRoles", "requiredResourceAccess", "keyCredentials", "passwordCredentials", "info", "optionalClaims"}, nil),
	}

	organizationType = &odata.Type{
		Name: "microsoft.graph.organization", Directory: true,
		Properties: properties([]string{"id", "displayName", "tenantType", "countryLetterCode", "preferredLanguage", "defaultUsageLocation", "partnerTenantType", "city", "state", "street", "postalCode", "country"},
			[]string{"onPremisesSyncEnabled"}, []string{"createdDateTime", "onPremisesLastSyncDateTime"}, []string{"businessPhones", "technicalNotificationMails", "marketingNotificationEmails", "securityComplianceNotificationMails"},
			[]string{"verifiedDomains", "assignedPlans", "provisionedPlans", "directorySizeQuota"}, nil),
	}

	domainType = &odata.Type{
		Name: "microsoft.graph.domain", Directory: true,
		Properties: properties([]string{"id", "authenticationType", "availabilityStatus", "model"}, []string{"isAdminManaged", "isDefault", "isInitial", "isRoot", "isVerified"},
			nil, []string{"supportedServices"}, []string{"state"}, []string{"passwordNotificationWindowInDays", "passwordValidityPeriodInDays"}),
	}

	directoryRoleType = &odata.Type{
		Name: "microsoft.graph.directoryRole", Directory: true,
		Properties: properties([]string{"id", "displayName", "description", "roleTemplateId"}, nil, []string{"deletedDateTime"}, nil, nil, nil),
	}

	// What follows belongs to services of their own, which query without the
	// directory's limits.
	roleDefinitionType = &odata.Type{
		Name: "microsoft.graph.unifiedRoleDefinition",
		Properties: properties([]string{"id", "displayName", "description", "templateId", "version"}, []string{"isBuiltIn", "isEnabled", "isPrivileged"}, nil,
			[]string{"resourceScopes"}, []string{"rolePermissions", "inheritsPermissionsFrom"}, nil),
	}

	roleAssignmentType = &odata.Type{
		Name: "microsoft.graph.unifiedRoleAssignment",
		Properties: properties([]string{"id", "principalId", "principalOrganizationId", "roleDefinitionId", "directoryScopeId", "appScopeId", "condition", "resourceScope"},
			nil, nil, nil, nil, nil),
		Links: map[string]*odata.Type{"principal": objectType, "roleDefinition": roleDefinitionType, "directoryScope": objectType},
	}

	roleRequestType = &odata.Type{
		Name: "microsoft.graph.unifiedRoleAssignmentScheduleRequest",
		Properties: properties([]string{"id", "status", "action", "principalId", "roleDefinitionId", "directoryScopeId", "appScopeId", "targetScheduleId", "justification", "approvalId", "customData"},
			[]string{"isValidationOnly"}, []string{"createdDateTime", "completedDateTime"}, nil, []string{"scheduleInfo", "ticketInfo", "createdBy"}, nil),
		Links: map[string]*odata.Type{"principal": objectType, "roleDefinition": roleDefinitionType, "targetSchedule": objectType},
	}

	roleScheduleType = &odata.Type{
		Name: "microsoft.graph.unifiedRoleAssignmentSchedule",
		Properties: properties([]string{"id", "principalId", "roleDefinitionId", "directoryScopeId", "appScopeId", "createdUsing", "status", "assignmentType", "memberType"},
			nil, []string{"createdDateTime", "modifiedDateTime"}, nil, []string{"scheduleInfo"}, nil),
		Links: map[string]*odata.Type{"principal": objectType, "roleDefinition": roleDefinitionType, "activatedUsing": objectType},
	}

	roleInstanceType = &odata.Type{
		Name: "microsoft.graph.unifiedRoleAssignmentScheduleInstance",
		Properties: properties([]string{"id", "principalId", "roleDefinitionId", "directoryScopeId", "appScopeId", "assignmentType", "memberType", "roleAssignmentOriginId", "roleAssignmentScheduleId", "roleEligibilityScheduleId"},
			nil, []string{"startDateTime", "endDateTime"}, nil, nil, nil),
		Links: map[string]*odata.Type{"principal": objectType, "roleDefinition": roleDefinitionType, "activatedUsing": objectType},
	}

	groupScheduleType = &odata.Type{
		Name: "microsoft.graph.privilegedAccessGroupAssignmentSchedule",
		Properties: properties([]string{
			"id", "accessId", "groupId", "principalId", "status", "action", "justification", "targetScheduleId", "approvalId", "createdUsing", "assignmentType", "memberType",
			"assignmentScheduleId", "eligibilityScheduleId", "customData",
		},
			[]string{"isValidationOnly"}, []string{"createdDateTime", "modifiedDateTime", "completedDateTime", "startDateTime", "endDateTime"}, nil, []string{"scheduleInfo", "ticketInfo", "createdBy"}, nil),
		Links: map[string]*odata.Type{"principal": objectType, "group": groupType},
	}

	ruleType = &odata.Type{
		Name: "microsoft.graph.unifiedRoleManagementPolicyRule",
		Properties: properties([]string{"id", "maximumDuration", "claimValue"}, []string{"isExpirationRequired", "isEnabled"}, nil, []string{"enabledRules"},
			[]string{"target", "setting"}, nil),
	}

	policyType = &odata.Type{
		Name:       "microsoft.graph.unifiedRoleManagementPolicy",
		Properties: properties([]string{"id", "displayName", "description", "scopeId", "scopeType"}, []string{"isOrganizationDefault"}, []string{"lastModifiedDateTime"}, nil, []string{"lastModifiedBy"}, nil),
		Links:      map[string]*odata.Type{"rules": ruleType, "effectiveRules": ruleType},
	}

	policyLinkType = &odata.Type{
		Name:       "microsoft.graph.unifiedRoleManagementPolicyAssignment",
		Properties: properties([]string{"id", "policyId", "scopeId", "scopeType", "roleDefinitionId"}, nil, nil, nil, nil, nil),
		Links:      map[string]*odata.Type{"policy": policyType},
	}
)

func init() {
	for _, t := range []*odata.Type{userType, groupType, principalType, applicationType} {
		t.Links = map[string]*odata.Type{"memberOf": objectType, "transitiveMemberOf": objectType}
	}
	groupType.Links["members"], groupType.Links["owners"], groupType.Links["transitiveMembers"] = objectType, objectType, objectType
	userType.Links["manager"] = objectType
	applicationType.Links["owners"], principalType.Links["owners"] = objectType, objectType
	directoryRoleType.Links = map[string]*odata.Type{"members": objectType}
	// A directory object may be any of the three that hold access.
	objectType.Properties = make(map[string]odata.Kind)
	for _, t := range []*odata.Type{userType, groupType, principalType} {
		for name, kind := range t.Properties {
			objectType.Properties[name] = kind
		}
	}
}

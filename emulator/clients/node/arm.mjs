// @azure/arm-resources-subscriptions, arm-resources and arm-authorization.
import { randomUUID } from "node:crypto";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ResourceManagementClient } from "@azure/arm-resources";
import { SubscriptionClient } from "@azure/arm-resources-subscriptions";
import { ClientSecretCredential } from "@azure/identity";
import { all, end, refusal, step, town } from "./town.mjs";

const signIn = town.proxied ? {} : { authorityHost: town.login, disableInstanceDiscovery: true };
const there = { retryOptions: { maxRetries: 0 }, ...(town.proxied ? {} : { endpoint: town.arm, credentialScopes: ["https://management.azure.com/.default"] }) };
const credential = new ClientSecretCredential(town.customer, town.robot.id, town.robot.secret, signIn);

const subscriptions = new SubscriptionClient(credential, there);
await step("subscriptions", async () => (await all(subscriptions.subscriptions.list())).map((s) => [s.subscriptionId, s.displayName, s.state]));
await step("tenants", async () => (await all(subscriptions.tenants.list())).map((t) => t.tenantId));

const resources = new ResourceManagementClient(credential, town.subscription, there);
await step("make a resource group", async () => (await resources.resourceGroups.createOrUpdate("rg-node", { location: "westeurope", tags: { by: "node" } })).properties.provisioningState);
await step("resource groups", async () => (await all(resources.resourceGroups.list())).map((g) => g.name).sort());
await step("is it there", async () => (await resources.resourceGroups.checkExistence("rg-node")).body);
await step("remove it", async () => {
  await resources.resourceGroups.beginDeleteAndWait("rg-node");
});
await step("is it gone", () => refusal(resources.resourceGroups.get("rg-node")));

const authorization = new AuthorizationManagementClient(credential, town.subscription, there);
const scope = `/subscriptions/${town.subscription}`; // with it this client asks for //subscriptions/...
let role;
await step("role definition", async () => {
  const found = await all(authorization.roleDefinitions.list(scope, { filter: "roleName eq 'Virtual Machine Contributor'" }));
  role = found[0].id;
  return found.map((r) => [r.roleName, r.roleType, r.permissions.length]);
});
const name = randomUUID();
const forBo = () => ({ roleDefinitionId: role, principalId: town.bo.id, principalType: "User" });
await step("assign it", async () => {
  const made = await authorization.roleAssignments.create(scope, name, forBo());
  return [made.name === name, made.principalId, made.principalType, made.scope, made.createdOn instanceof Date];
});
await step("assign it again", () => refusal(authorization.roleAssignments.create(scope, randomUUID(), forBo())));
await step("assign it to nobody", () => refusal(authorization.roleAssignments.create(scope, randomUUID(), { ...forBo(), principalId: randomUUID() })));
await step("assign it to the partner's agents", async () =>
  (await authorization.roleAssignments.create(scope, randomUUID(), { roleDefinitionId: role, principalId: town.agents, principalType: "ForeignGroup" })).principalType);
await step("assignments of Bo", async () => (await all(authorization.roleAssignments.listForScope(scope, { filter: `principalId eq '${town.bo.id}'` }))).map((a) => a.name === name));
await step("assignments at the scope", async () => (await all(authorization.roleAssignments.listForScope(scope, { filter: "atScope()" }))).length);
await step("take it away", async () => (await authorization.roleAssignments.delete(scope, name)).name === name);
await step("is it away", () => refusal(authorization.roleAssignments.get(scope, name)));
await step("deny assignments", async () => (await all(authorization.denyAssignments.listForScope(scope))).length);

const request = randomUUID();
await step("lend it for an hour", async () => {
  const made = await authorization.roleAssignmentScheduleRequests.create(scope, request, {
    roleDefinitionId: role,
    principalId: town.bo.id,
    requestType: "AdminAssign",
    justification: "a restart",
    scheduleInfo: { startDateTime: new Date(), expiration: { type: "AfterDuration", duration: "PT1H" } },
  });
  return [made.status, made.requestType, made.principalType];
});
await step("what is lent", async () =>
  (await all(authorization.roleAssignmentScheduleInstances.listForScope(scope, { filter: `assignedTo('${town.bo.id}')` }))).map((i) => [
    i.principalId,
    i.assignmentType,
    Math.round((i.endDateTime - i.startDateTime) / 60000),
  ]));
// Privileged Identity Management takes nothing back in its first five minutes.
await step("take it back at once", () =>
  refusal(authorization.roleAssignmentScheduleRequests.create(scope, randomUUID(), { roleDefinitionId: role, principalId: town.bo.id, requestType: "AdminRemove" })));
end();

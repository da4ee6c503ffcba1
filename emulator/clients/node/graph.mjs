// @microsoft/microsoft-graph-client with a credential of @azure/identity.
import { ClientSecretCredential } from "@azure/identity";
import { BatchRequestContent, BatchResponseContent, Client, PageIterator } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";
import { end, refusal, step, town } from "./town.mjs";

const credential = new ClientSecretCredential(town.customer, town.robot.id, town.robot.secret, { authorityHost: town.login, disableInstanceDiscovery: true });
const client = Client.initWithMiddleware({
  authProvider: new TokenCredentialAuthenticationProvider(credential, { scopes: ["https://graph.microsoft.com/.default"] }),
  baseUrl: town.graph,
  customHosts: new Set([new URL(town.graph).hostname, new URL(town.graph).host]), // else it attaches no token
});

await step("users", async () => {
  const { value } = await client.api("/users").select("id,displayName,userType").filter("startswith(displayName,'B')").get();
  return value;
});
await step("a user", async () => (await client.api(`/users/${town.bo.account}`).get()).id);
await step("nobody", () => refusal(client.api("/users/nobody@contoso.example").get()));
await step("page by page", async () => {
  const names = [];
  const first = await client.api("/users").top(1).select("displayName").get();
  await new PageIterator(client, first, (user) => names.push(user.displayName) > 0).iterate();
  return [names.sort(), "@odata.nextLink" in first];
});

let group;
await step("make a group", async () => {
  group = await client.api("/groups").post({ displayName: "Node", mailEnabled: false, mailNickname: "node", securityEnabled: true });
  return group.displayName;
});
await step("add a member", () => client.api(`/groups/${group.id}/members/$ref`).post({ "@odata.id": `${town.graph}/v1.0/directoryObjects/${town.bo.id}` }));
await step("members", async () => (await client.api(`/groups/${group.id}/members`).get()).value.map((m) => [m["@odata.type"], m.id === town.bo.id]));
await step("is he a member", async () => (await client.api(`/users/${town.bo.id}/checkMemberGroups`).post({ groupIds: [group.id] })).value.includes(group.id));
await step("what is this", async () => (await client.api("/directoryObjects/getByIds").post({ ids: [town.bo.id, group.id, town.agents] })).value.map((o) => o["@odata.type"]).sort());
await step("two in a batch", async () => {
  const of = (id, path) => ({ id, request: new Request(`${town.graph}${path}`) }); // the client sends the path alone
  const content = await new BatchRequestContent([of("1", `/groups/${group.id}`), of("2", "/users/nobody@contoso.example")]).getContent();
  const answers = new BatchResponseContent(await client.api("/$batch").post(content));
  return [answers.getResponseById("1").status, answers.getResponseById("2").status];
});
await step("remove the member", () => client.api(`/groups/${group.id}/members/${town.bo.id}/$ref`).delete());
await step("remove the group", () => client.api(`/groups/${group.id}`).delete());
await step("is it gone", () => refusal(client.api(`/groups/${group.id}`).get()));
end();

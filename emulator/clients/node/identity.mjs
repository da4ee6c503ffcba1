// @azure/identity: every credential that needs neither Azure nor another program.
import {
  ChainedTokenCredential,
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  DeviceCodeCredential,
  EnvironmentCredential,
  OnBehalfOfCredential,
  UsernamePasswordCredential,
} from "@azure/identity";
import { claims, end, person, refusal, step, town } from "./town.mjs";

const arm = "https://management.azure.com/.default";
// Through the proxy nothing is configured; else the client is told where to sign in.
const where = town.proxied ? {} : { authorityHost: town.login, disableInstanceDiscovery: true };

async function who(credential, scope = arm, options = {}) {
  const { token, expiresOnTimestamp } = await credential.getToken(scope, options);
  const c = claims(token);
  return { tid: c.tid, oid: c.oid, appid: c.appid ?? c.azp, idtyp: c.idtyp, scp: c.scp, aud: c.aud, lives: expiresOnTimestamp > Date.now() };
}

await step("secret", () => who(new ClientSecretCredential(town.customer, town.robot.id, town.robot.secret, where)));
await step("wrong secret", () => refusal(new ClientSecretCredential(town.customer, town.robot.id, "wrong", where).getToken(arm)));
await step("unknown tenant", () => refusal(new ClientSecretCredential("nowhere.example", town.robot.id, "x", where).getToken(arm)));
await step("certificate", () => who(new ClientCertificateCredential(town.customer, town.robot.id, { certificatePath: town.robot.certificate }, where)));
await step("assertion", () => who(new ClientAssertionCredential(town.customer, town.robot.id, async () => town.robot.federated, where)));
await step("another tenant", () =>
  who(new ClientSecretCredential(town.partner, town.portal.id, town.portal.secret, { ...where, additionallyAllowedTenants: ["*"] }), arm, { tenantId: town.customer }));
await step("password", () => who(new UsernamePasswordCredential(town.customer, town.tool, town.bo.account, town.bo.password, where)));

const device = new DeviceCodeCredential({
  ...where,
  tenantId: town.customer,
  userPromptCallback: ({ userCode, verificationUri }) => {
    person({ who: "anna", device: userCode, address: verificationUri }).catch((e) => console.error(e));
  },
});
await step("device code", () => who(device));
await step("silently for Graph", async () => {
  const got = await who(device, "https://graph.microsoft.com/.default");
  return { ...got, scp: got.scp.split(" ").includes("Directory.AccessAsUser.All") };
});
await step("on behalf of", async () => {
  const { token } = await device.getToken(`${town.portal.uri}/user_impersonation`);
  const credential = new OnBehalfOfCredential({ ...where, tenantId: town.customer, clientId: town.portal.id, clientSecret: town.portal.secret, userAssertionToken: token });
  return who(credential);
});
await step("environment", () => who(new ChainedTokenCredential(new EnvironmentCredential(where))));
end();

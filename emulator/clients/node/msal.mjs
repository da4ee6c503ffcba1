// @azure/msal-node, on which the others stand: the flows of a web application and
// of a tool.
import { ConfidentialClientApplication, CryptoProvider, LogLevel, PublicClientApplication } from "@azure/msal-node";
import { claims, end, person, refusal, step, town } from "./town.mjs";

const system = { loggerOptions: { loggerCallback() {}, logLevel: LogLevel.Error } };
const auth = (tenant, rest) => ({
  auth: { authority: `${town.login}/${tenant}`, knownAuthorities: [new URL(town.login).host], ...rest },
  system,
});
const arm = ["https://management.azure.com/.default"];

const portal = new ConfidentialClientApplication(auth(town.customer, { clientId: town.portal.id, clientSecret: town.portal.secret }));
await step("client credentials", async () => {
  const got = await portal.acquireTokenByClientCredential({ scopes: arm });
  return { tid: claims(got.accessToken).tid, idtyp: claims(got.accessToken).idtyp };
});
await step("from the cache", async () => (await portal.acquireTokenByClientCredential({ scopes: arm })).fromCache);

let account;
await step("authorization code", async () => {
  const crypto = new CryptoProvider();
  const { verifier, challenge } = await crypto.generatePkceCodes();
  const [state, nonce] = [crypto.createNewGuid(), crypto.createNewGuid()];
  const scopes = ["User.Read"];
  const address = await portal.getAuthCodeUrl({ scopes, redirectUri: town.portal.callback, codeChallenge: challenge, codeChallengeMethod: "S256", state, nonce, prompt: "select_account" });
  const back = new URL(await person({ who: "james", address }));
  if (back.searchParams.get("state") !== state) throw new Error(`state: ${back}`);
  const got = await portal.acquireTokenByCode({ code: back.searchParams.get("code"), scopes, redirectUri: town.portal.callback, codeVerifier: verifier, nonce });
  account = got.account;
  return { username: account.username, tenant: got.tenantId, oid: got.idTokenClaims.oid, scopes: got.scopes.some((s) => s.endsWith("User.Read")) };
});
await step("silently for another resource", async () => {
  const got = await portal.acquireTokenSilent({ account, scopes: arm });
  return { aud: claims(got.accessToken).aud, oid: claims(got.accessToken).oid };
});
await step("silently in another tenant", async () => {
  // Its cache would give the token of the first tenant, whatever the authority says.
  const got = await portal.acquireTokenSilent({ account, scopes: arm, authority: `${town.login}/${town.partner}`, forceRefresh: true });
  return { tid: claims(got.accessToken).tid, oid: claims(got.accessToken).oid };
});

const tool = new PublicClientApplication(auth("organizations", { clientId: town.tool }));
await step("device code", async () => {
  const got = await tool.acquireTokenByDeviceCode({
    scopes: arm,
    deviceCodeCallback: ({ userCode, verificationUri }) => {
      person({ who: "anna", device: userCode, address: verificationUri }).catch((e) => console.error(e));
    },
  });
  return { username: got.account.username, tenant: got.tenantId };
});
await step("password", async () => {
  const bo = new PublicClientApplication(auth(town.customer, { clientId: town.tool }));
  return { username: (await bo.acquireTokenByUsernamePassword({ scopes: arm, username: town.bo.account, password: town.bo.password })).account.username };
});
await step("an unknown application", () =>
  refusal(new ConfidentialClientApplication(auth(town.customer, { clientId: "00000000-0000-4000-8000-000000000bad", clientSecret: "x" })).acquireTokenByClientCredential({ scopes: arm })));
end();

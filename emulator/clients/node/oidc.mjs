// openid-client, a certified relying party: it checks the signature, the issuer,
// the nonce and everything else the specification asks for.
import * as client from "openid-client";
import { end, person, refusal, step, town } from "./town.mjs";

const issuer = (tenant) => new URL(`${town.login}/${tenant}/v2.0`);
let config;
await step("discovery", async () => {
  config = await client.discovery(issuer(town.customer), town.portal.id, town.portal.secret);
  return config.serverMetadata().issuer === issuer(town.customer).href;
});
await step("discovery for everybody", () => refusal(client.discovery(issuer("organizations"), town.portal.id, town.portal.secret)));

let tokens;
for (const [name, method] of [["secret in the form", client.ClientSecretPost], ["secret in the header", client.ClientSecretBasic]]) {
  await step(name, async () => {
    const config = await client.discovery(issuer(town.customer), town.portal.id, undefined, method(town.portal.secret));
    client.enableNonRepudiationChecks(config); // check signatures too
    const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()];
    const address = client.buildAuthorizationUrl(config, {
      redirect_uri: town.portal.callback,
      scope: "openid profile email offline_access",
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
      max_age: "600",
    });
    const back = new URL(await person({ who: "anna", address: address.href }));
    tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, maxAge: 600, idTokenExpected: true });
    const said = tokens.claims();
    return { tid: said.tid, oid: said.oid, name: said.preferred_username, ver: said.ver };
  });
}
await step("refresh", async () => {
  const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
  return [fresh.access_token !== tokens.access_token, fresh.claims().oid === tokens.claims().oid];
});
await step("a refresh token of nobody", () => refusal(client.refreshTokenGrant(config, "made up")));
await step("client credentials", async () => (await client.clientCredentialsGrant(config, { scope: "https://management.azure.com/.default" })).expires_in > 3000);
await step("device code", async () => {
  const config = await client.discovery(issuer(town.customer), town.tool, undefined, client.None());
  const begun = await client.initiateDeviceAuthorization(config, { scope: "openid profile offline_access" });
  await person({ who: "anna", device: begun.user_code, address: begun.verification_uri });
  const got = await client.pollDeviceAuthorizationGrant(config, begun);
  return got.claims().preferred_username;
});
await step("signing out", () => client.buildEndSessionUrl(config, { post_logout_redirect_uri: town.portal.callback }).pathname.endsWith("/oauth2/v2.0/logout"));
end();

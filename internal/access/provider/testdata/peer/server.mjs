// An OpenID Connect provider on loopback. Arguments: client ID, client secret,
// redirect URI. It prints its issuer, and ends with its standard input.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [clientId, clientSecret, redirectUri] = process.argv.slice(2);
const people = {
  amina: { name: "Dr Amina Alaoui", groups: ["staff", "radiologists"] },
  chief: { name: "Pr Chief", groups: ["radiologists", "it"] },
  clerk: { name: "Clerk", groups: ["desk"] },
};

const server = createServer((request, response) => handle(request, response));
let handle;
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri], grant_types: ["authorization_code"], response_types: ["code"] }],
    pkce: { required: () => true, methods: ["S256"] },
    scopes: ["openid", "profile", "groups"],
    // In the user info alone, as the standard has it for the code flow.
    claims: { openid: ["sub"], profile: ["name"], groups: ["groups"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    cookies: { keys: ["only a test"] },
  });
  handle = provider.callback();
  console.log(issuer);
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));

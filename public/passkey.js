// What pages do with passkeys (W3C Web Authentication, Level 3). app.js loads it for <use-passkey>, which becomes a button
// of the form that it stands in. The answer of a passkey goes with that form, as the value of a field.

const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const withBytes = (list) => list?.map((each) => ({ ...each, id: toBytes(each.id) }));

// Browsers before 2025, and password managers in place of a browser, do not all read and write JSON themselves.
const readRequest = (options) => PublicKeyCredential.parseRequestOptionsFromJSON?.(options) ?? {
  ...options, challenge: toBytes(options.challenge), allowCredentials: withBytes(options.allowCredentials),
};
const readCreation = (options) => PublicKeyCredential.parseCreationOptionsFromJSON?.(options) ?? {
  ...options, challenge: toBytes(options.challenge), user: { ...options.user, id: toBytes(options.user.id) },
  excludeCredentials: withBytes(options.excludeCredentials),
};
const written = (credential) => {
  try {
    return credential.toJSON();
  } catch {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = toText(credential.response[name]);
    }
    const transports = credential.response.getTransports?.();
    return {
      id: credential.id, rawId: toText(credential.rawId), type: credential.type, clientExtensionResults: {},
      response: transports ? { ...response, transports } : response,
    };
  }
};

const notice = (text) => {
  const paragraph = document.createElement("p");
  paragraph.textContent = text;
  document.getElementById("notice")?.replaceChildren(paragraph);
};

const reasons = {
  InvalidStateError: "There is a passkey for this account on that device already.",
  NotAllowedError: "No passkey was used.",
  SecurityError: "Passkeys do not work at this address.",
};

// A page has one question open at a time: browsers take no second.
let open = new AbortController();
let asking = false; // by a button, and not in the username field
const ask = () => {
  open.abort();
  open = new AbortController();
  return open.signal;
};

const challenge = async (element, signal) => {
  const { csrf, account } = element.closest("form").elements;
  const body = new URLSearchParams({ csrf: csrf.value, purpose: element.getAttribute("purpose") });
  if (account) body.set("account", account.value);
  const response = await fetch("/passkey/challenge", { method: "POST", body, signal });
  if (response.ok) return readRequest(await response.json());
  throw new Error(response.status === 429 ? "Too many tries. Please wait a minute and try again." : "This page is out of date. Please reload it.");
};

// The answer is the value of a button, and so goes with no other way of sending the form.
const send = (element, credential) => {
  const answer = document.createElement("button");
  answer.name = "passkey";
  answer.value = JSON.stringify(written(credential));
  answer.hidden = true;
  element.append(answer);
  element.closest("form").requestSubmit(answer);
  setTimeout(() => answer.remove());
};

const use = async (element) => {
  const signal = ask();
  asking = true;
  document.getElementById("notice")?.replaceChildren();
  try {
    const options = element.getAttribute("options");
    const credential = options
      ? await navigator.credentials.create({ publicKey: readCreation(JSON.parse(options)), signal })
      : await navigator.credentials.get({ publicKey: await challenge(element, signal), signal });
    send(element, credential);
  } catch (error) {
    asking = false;
    if (signal.aborted) return;
    notice(reasons[error.name] ?? (error instanceof TypeError ? "The server cannot be reached. Check your connection and try again." : error.message));
    offer();
  } finally {
    asking = false;
  }
};

// On the login page the browser offers passkeys in the username field, for as long as the page is in front. A challenge
// is good for five minutes.
const renewAfter = 4 * 60 * 1000;
let offering = null;
let renewal = 0;
let offered = { until: 0 }; // the question that the field has open

const offer = async () => {
  clearTimeout(renewal);
  if (asking || !offering?.isConnected || document.hidden) return;
  const left = offered.signal?.aborted ? 0 : offered.until - Date.now();
  if (left > 0) { // after a look at another tab
    renewal = setTimeout(offer, left);
    return;
  }
  const signal = ask();
  const mine = offered = { signal, until: Date.now() + renewAfter };
  renewal = setTimeout(offer, renewAfter);
  try {
    const credential = await navigator.credentials.get({ publicKey: await challenge(offering, signal), mediation: "conditional", signal });
    send(offering, credential);
  } catch {
    mine.until = 0; // name and password, and the button, are there
  }
};

document.addEventListener("visibilitychange", offer);
document.addEventListener("submit", () => {
  clearTimeout(renewal);
  open.abort();
}, true);
// After an answer that left the form where it was.
document.addEventListener("htmx:finally:request", () => {
  if (open.signal.aborted) offer();
});
document.addEventListener("htmx:after:swap", () => {
  if (offering && !offering.isConnected) open.abort();
});

export default (element) => {
  if (!window.PublicKeyCredential) {
    const label = element.getAttribute("label");
    if (element.getAttribute("purpose") !== "login" && label) element.textContent = "This browser has no passkeys.";
    return;
  }
  for (const { method, details } of JSON.parse(element.getAttribute("signals") ?? "[]")) {
    PublicKeyCredential[method]?.(details).catch(() => {});
  }
  if (!element.hasAttribute("label")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = element.getAttribute("label");
  button.className = element.hasAttribute("primary") ? "primary" : "";
  button.addEventListener("click", () => use(element));
  element.replaceChildren(button);
  if (button.className && document.activeElement === document.body) button.focus(); // it is the one thing to do here
  if (element.getAttribute("purpose") !== "login") return;
  offering = element;
  PublicKeyCredential.isConditionalMediationAvailable?.().then((available) => {
    if (available) offer();
    else offering = null;
  });
};

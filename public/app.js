// What the pages do beyond htmx. Everything works without it.

// <show-password for="id"> becomes a button that shows what is typed in that field.
customElements.define("show-password", class extends HTMLElement {
  connectedCallback() {
    const input = document.getElementById(this.getAttribute("for"));
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-controls", input.id);
    const show = (shown) => {
      input.type = shown ? "text" : "password";
      button.textContent = shown ? "Hide" : "Show";
      button.setAttribute("aria-label", shown ? "Hide password" : "Show password");
    };
    button.addEventListener("click", () => show(input.type === "password"));
    // Browsers keep what was typed into a text field for later; this must not be kept.
    input.form.addEventListener("submit", () => show(false));
    show(false);
    this.replaceChildren(button);
  }
});

// <copy-text from="id"> becomes a button that copies the text of that element.
customElements.define("copy-text", class extends HTMLElement {
  connectedCallback() {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(document.getElementById(this.getAttribute("from")).textContent);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not copied: please select the text";
      }
    });
    this.replaceChildren(button);
  }
});

// <with-username> has the link within bring along what is typed in the username field.
customElements.define("with-username", class extends HTMLElement {
  connectedCallback() {
    const link = this.querySelector("a");
    const address = new URL(link.href);
    document.getElementById("username").addEventListener("input", (event) => {
      address.searchParams.set("username", event.target.value);
      for (const name of ["href", "hx-get"]) link.setAttribute(name, address.pathname + address.search);
    });
  }
});

// <use-passkey src="script"> has that script make of it what uses a passkey.
customElements.define("use-passkey", class extends HTMLElement {
  async connectedCallback() {
    (await import(this.getAttribute("src"))).default(this);
  }
});

// Views change smoothly for those who like motion. That one was given up, when the window changed its size say, is no
// error.
htmx.config.transitions = matchMedia("(prefers-reduced-motion: no-preference)").matches && "startViewTransition" in document;
addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof DOMException && event.reason.message.startsWith("Transition was")) event.preventDefault();
});

const notice = (text) => {
  const paragraph = document.createElement("p");
  paragraph.textContent = text;
  document.getElementById("notice")?.replaceChildren(paragraph);
};

const isFormOrLink = (element) => element instanceof HTMLFormElement || element instanceof HTMLAnchorElement;

// Going back and forward, htmx asks for the page that the address bar names already.
const goesThroughHistory = (ctx) => "HX-History-Restore-Request" in ctx.request.headers;

// The connection is lost, or no answer came in time.
document.addEventListener("htmx:error", (event) => {
  const { ctx } = event.detail;
  if (ctx && goesThroughHistory(ctx)) {
    location.reload(); // or the old page would stand under the new address
  } else if (ctx && isFormOrLink(event.target)) {
    const kept = ctx.sourceElement.matches("form") ? " What you typed is still here." : "";
    notice(`The server cannot be reached.${kept} Check your connection and try again.`);
  }
});

// A failure that is not our own page, from a proxy in between say, must not replace the form. Our own always say
// that no address is to be pushed.
document.addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  if (ctx.response.status >= 400 && !ctx.hx.pushurl && !goesThroughHistory(ctx)) {
    event.preventDefault();
    const kept = ctx.sourceElement.matches("form") ? " What you typed is still here." : "";
    notice(`The server cannot answer at the moment.${kept} Please try again in a minute.`);
  }
});

// Asked to wait, the button waits, too, and counts down, as long as the username is the one that has to wait. The notice
// says it once; nothing is announced every second. It goes by the clock: timers stand still in a tab that nobody sees.
const usernameBeside = (button) => button.form?.elements.username?.value;
const countDown = (button, until, username) => {
  const left = until - Date.now();
  button.disabled = left > 0 && button.isConnected && usernameBeside(button) === username;
  if (!button.disabled) {
    delete button.dataset.wait;
    if (document.activeElement === document.body) button.focus();
    return;
  }
  const seconds = Math.ceil(left / 1000);
  button.dataset.wait = seconds < 60 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
  setTimeout(() => countDown(button, until, username), left % 1000 || 1000);
};

document.addEventListener("htmx:finally:request", (event) => {
  const { request, response } = event.detail.ctx;
  const seconds = Number(response?.headers.get("Retry-After"));
  if (response?.status !== 429 || !request.submitter || !seconds || seconds > 1800) return; // longer, nobody looks on
  setTimeout(() => countDown(request.submitter, Date.now() + seconds * 1000, usernameBeside(request.submitter)));
});

// A form that comes back with an error keeps the passwords that were not at fault. They never leave the page.
const passwords = 'input[autocomplete$="-password"]';
let typed = new Map();

document.addEventListener("htmx:before:swap", (event) => {
  const { response, sourceElement } = event.detail.ctx;
  typed = new Map();
  if (response.status !== 422 || !sourceElement.matches("form")) return;
  for (const input of sourceElement.querySelectorAll(passwords)) typed.set(input.name, input.value);
});

document.addEventListener("htmx:after:swap", () => {
  for (const input of document.querySelectorAll(passwords)) {
    if (!typed.get(input.name) || input.ariaInvalid === "true") continue;
    input.value = typed.get(input.name);
    document.getElementById(`${input.name}-message`).replaceChildren();
  }
  typed = new Map();
});

// An error goes when the field changes, and with it what was said of the whole form.
document.addEventListener("input", ({ target }) => {
  target.form?.querySelector("#notice")?.replaceChildren();
  document.title = document.title.replace(/^Error: /, "");
  if (target.ariaInvalid !== "true") return;
  target.removeAttribute("aria-invalid");
  document.getElementById(`${target.name}-message`).replaceChildren();
});

// Times stand in the reader's own zone and words; the full time is in the title.
const language = navigator.languages.find((each) => each.startsWith("en")) ?? "en-GB";
const format = (options) => new Intl.DateTimeFormat(language, options);
const clock = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const whole = format({ dateStyle: "full", timeStyle: "long" });

const inWords = (time) => {
  const now = new Date();
  const minutes = Math.floor((now - time) / 60000);
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(time).setHours(0, 0, 0, 0)) / 86400000);
  const ago = (number, unit) => `${number} ${unit}${number === 1 ? "" : "s"} ago`;
  if (minutes < -5) return whole.format(time); // a clock is wrong
  if (minutes < 1) return "just now";
  if (minutes < 60) return ago(minutes, "minute");
  if (minutes < 240) return ago(Math.floor(minutes / 60), "hour");
  if (days === 0) return `today, ${clock.format(time)}`;
  if (days === 1) return `yesterday, ${clock.format(time)}`;
  if (days >= 60 && days < 365) return ago(Math.floor(days / 30), "month");
  const year = time.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return format({ day: "numeric", month: "long", year }).format(time);
};

const showTimes = () => {
  for (const element of document.querySelectorAll("time:not([title])")) {
    const time = new Date(element.dateTime);
    element.title = whole.format(time);
    element.textContent = inWords(time);
  }
};

showTimes();
document.addEventListener("htmx:after:swap", showTimes);

// A button loses the focus when htmx disables it. If it is still there after the answer, it gets the focus back.
document.addEventListener("htmx:finally:request", (event) => {
  const { submitter } = event.detail.ctx.request;
  queueMicrotask(() => {
    if (submitter?.isConnected && document.activeElement === document.body) submitter.focus();
  });
});

// A message about what is being typed says so of its field, too.
document.addEventListener("htmx:after:swap", (event) => {
  const { target } = event.detail.ctx;
  if (!(target instanceof Element && target.matches(".message"))) return; // a selector, where an answer chose it
  const field = document.querySelector(`[aria-describedby~="${target.id}"]`);
  if (target.querySelector(".problem")) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
});

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
    notice("The server cannot be reached. What you typed is still here: please check your connection and try again.");
  }
});

// A failure that is not our own page, from a proxy in between say, must not replace the form. Our own always say
// that no address is to be pushed.
document.addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  if (ctx.response.status >= 400 && !ctx.hx.pushurl && !goesThroughHistory(ctx)) {
    event.preventDefault();
    notice("The server cannot answer at the moment. What you typed is still here: please try again in a minute.");
  }
});

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

"use strict";
(() => {
  const words = document.body.dataset;
  const wish = words.wish ? JSON.parse(words.wish) : null;
  const said = document.getElementById("said");

  const say = (text) => {
    said.textContent = text;
    said.classList.toggle("quiet", !text);
  };

  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (c) => c.charCodeAt(0));
  };

  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  class Said extends Error {}

  const ask = async (path, message) => {
    let answer;
    try {
      answer = await fetch("/sign-in/" + path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(message),
        redirect: "error",
      });
    } catch {
      throw new Said(words.unreachable);
    }
    if (answer.status === 204) return null;
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) return body;
    if (answer.status === 429) throw new Said(words.busy);
    if (answer.status === 401 && path.startsWith("own/")) throw new Said(words.over);
    const known = { passkey_taken: words.passkeyTaken, too_many_passkeys: words.tooManyPasskeys };
    throw new Said(known[body.code] || (answer.status >= 500 ? words.unreachable : words.refused));
  };

  const shown = (key) => ({
    id: key.id,
    rawId: text(key.rawId),
    type: key.type,
    response: Object.fromEntries(
      ["clientDataJSON", "authenticatorData", "signature", "userHandle", "attestationObject"]
        .filter((name) => key.response[name])
        .map((name) => [name, text(key.response[name])])),
    clientExtensionResults: {},
  });

  const credential = async (call, options) => {
    if (!window.PublicKeyCredential) throw new Said(words.noPasskey);
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const one of options.excludeCredentials || []) one.id = bytes(one.id);
    try {
      return shown(await navigator.credentials[call]({ publicKey: options }));
    } catch (error) {
      throw new Said(error.name === "InvalidStateError" ? words.passkeyTaken : words.cancelled);
    }
  };

  const doing = (act) => async (event) => {
    event.preventDefault();
    const buttons = [...document.querySelectorAll("button")];
    for (const one of buttons) one.disabled = true;
    say(words.waiting);
    try {
      await act(event);
    } catch (error) {
      say(error instanceof Said ? error.message : words.refused);
      for (const one of buttons) one.disabled = false;
      if (event.target.querySelector) event.target.querySelector("#proof, #name")?.focus();
    }
  };

  const on = (id, kind, act) => document.getElementById(id)?.addEventListener(kind, doing(act));
  const again = () => location.replace("/sign-in?" + words.query);

  if (words.back) return again();

  on("passkey", "click", async () => {
    const asked = await ask("options", {});
    const answer = await credential("get", asked.options);
    await ask("passkey", { challenge: asked.challenge, answer });
    again();
  });

  on("password-form", "submit", async (event) => {
    const typed = Object.fromEntries(new FormData(event.target));
    const proof = typed.proof.replace(/\s/g, "");
    event.target.querySelector("#proof").value = "";
    await ask("password", { login: typed.login, password: typed.password, proof });
    again();
  });

  on("add", "submit", async (event) => {
    const name = new FormData(event.target).get("name");
    const asked = await ask("own/options", {});
    const answer = await credential("create", asked.options);
    await ask("own/add", { challenge: asked.challenge, answer, name });
    again();
  });

  on("go-on", "click", async () => {
    const asked = await ask("own/go-on", wish);
    say(words.goneOn);
    location.replace(asked.next);
  });

  on("sign-out", "click", async () => {
    await ask("own/sign-out", {});
    again();
  });

  for (const one of document.querySelectorAll("[data-remove]")) {
    one.addEventListener("click", doing(async () => {
      await ask("own/remove", { passkey: one.dataset.remove });
      again();
    }));
  }
})();

/** Sign in or register; the cart that a guest has filled comes along. */
import { useSignal } from "@preact/signals";

import { api, keep, said, session } from "./api";
import { attempt, cart, go, loadCart, notice } from "./state";

export function SignIn() {
  const isNew = useSignal(false);
  const user = session.value?.user;

  const signIn = async (email: string, password: string) => {
    // The guest's own token goes with the request, as with any other: it says whose cart to merge.
    const found = said(await api.POST("/api/v1/auth/login/", { body: { email, password } }));
    if ("mfa_required" in found) throw new Error("This account has a second factor, which this example does not ask for.");
    keep(found);
    await loadCart();
    go(cart.value?.items.length ? "/cart" : "/");
    const capped = found.cart_merge?.capped ?? [];
    if (capped.length) notice.value = { kind: "done", text: `There was less of ${capped.map(({ name }) => name).join(", ")} than you wanted.` };
  };
  const register = async (field: (name: string) => string) => {
    const body = {
      email: field("email"), password: field("password"), password2: field("password"),
      first_name: field("first_name"), last_name: field("last_name"),
    };
    said(await api.POST("/api/v1/auth/register/", { body }));
    await signIn(body.email, body.password);
  };
  const signOut = async () => {
    if (session.value) await api.POST("/api/v1/auth/logout/", { body: { refresh: session.value.refresh } });
    keep(null);
    go("/");
  };

  if (user && !user.is_guest) {
    return (
      <section class="panel narrow">
        <h1>Hello, {user.first_name}</h1>
        <p>{user.email}</p>
        <button class="main" onClick={() => void attempt(signOut)}>Sign out</button>
      </section>
    );
  }
  return (
    <form class="panel narrow" onSubmit={(event) => {
      event.preventDefault();
      const form = new FormData(event.currentTarget);
      const field = (name: string) => String(form.get(name) ?? "");
      void attempt(() => (isNew.value ? register(field) : signIn(field("email"), field("password"))));
    }}>
      <h1>{isNew.value ? "Register" : "Sign in"}</h1>
      {isNew.value && (
        <>
          <label>First name<input name="first_name" autocomplete="given-name" required /></label>
          <label>Last name<input name="last_name" autocomplete="family-name" required /></label>
        </>
      )}
      <label>E-mail<input name="email" type="email" autocomplete="email" required /></label>
      <label>Password<input name="password" type="password" autocomplete={isNew.value ? "new-password" : "current-password"} required /></label>
      <button class="main">{isNew.value ? "Register" : "Sign in"}</button>
      <button type="button" class="plain" onClick={() => (isNew.value = !isNew.value)}>
        {isNew.value ? "I have an account" : "I am new here"}
      </button>
    </form>
  );
}

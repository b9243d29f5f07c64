import { render } from "preact";

import { session } from "./api";
import { CartPage } from "./cart";
import { Catalogue } from "./catalogue";
import { Checkout } from "./checkout";
import { OrderPage, Orders } from "./orders";
import { ProductPage } from "./product";
import { SignIn } from "./sign-in";
import { cart, notice, route } from "./state";
import "./style.css";

function Page() {
  const [, page = "", key = ""] = route.value.path.split("/");
  switch (page) {
    case "":
      return <Catalogue />;
    case "products":
      return <ProductPage slug={key} key={key} />;
    case "cart":
      return <CartPage />;
    case "checkout":
      return <Checkout />;
    case "orders":
      return key ? <OrderPage id={key} key={key} /> : <Orders />;
    case "sign-in":
      return <SignIn />;
    default:
      return <p class="empty">There is nothing here. <a href="#/">To the shop</a></p>;
  }
}

function App() {
  const user = session.value?.user;
  return (
    <>
      <header>
        <a class="brand" href="#/">Harbour &amp; Home</a>
        <nav>
          {user && <a href="#/orders">Orders</a>}
          <a href="#/sign-in">{user && !user.is_guest ? user.first_name || "Account" : "Sign in"}</a>
          <a class="basket" href="#/cart">
            Cart <span class="count" data-test="count">{cart.value?.total_items ?? 0}</span>
          </a>
        </nav>
      </header>
      {notice.value && <p class={`notice ${notice.value.kind}`} role="status">{notice.value.text}</p>}
      <main>
        <Page />
      </main>
      <footer>An example on pgshop. Payments go to its twin of Stripe: no real money.</footer>
    </>
  );
}

render(<App />, document.getElementById("app")!);

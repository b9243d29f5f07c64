create function api.add_to_cart(product_id uuid, variant_id uuid default null, quantity integer default 1)
returns api.cart_items
language plpgsql security definer set search_path = '' as $$
declare
  cart shop.carts := logic.own_cart();
  variant shop.product_variants;
  line api.cart_items;
begin
  if quantity is null or quantity not between 1 and 100000 then
    perform logic.problem(
      422, 'validation_failed', 'Some fields are missing or wrong.', '{"quantity": ["Must be from 1 to 100000."]}'
    );
  end if;
  select v.* into variant
  from shop.product_variants v join shop.products p on p.id = v.product_id
  where p.id = add_to_cart.product_id and p.is_active and v.is_active
    and (v.id = add_to_cart.variant_id or add_to_cart.variant_id is null and v.is_default);
  if variant.id is null then
    if add_to_cart.variant_id is null and exists (
      select from shop.products p where p.id = add_to_cart.product_id and p.is_active
    ) then
      perform logic.problem(422, 'variant_required', 'This product is sold in variants: choose one.');
    end if;
    perform logic.problem(404, 'product_not_found', 'There is no such product.');
  end if;
  insert into shop.cart_items as i (cart_id, product_id, variant_id, quantity, price_snapshot)
  values (
    cart.id, variant.product_id, variant.id, add_to_cart.quantity,
    logic.unit_price(variant.id, cart.customer_id)
  )
  on conflict on constraint cart_items_one_line_a_variant do update
    set quantity = i.quantity + excluded.quantity, price_snapshot = excluded.price_snapshot
  returning i.id, i.cart_id, i.product_id, i.variant_id, i.quantity, i.price_snapshot, i.created_at, i.updated_at
  into line;
  perform logic.require_stock(line);
  return line;
end;
$$;
comment on function api.add_to_cart is $$Add to the cart
Adds a product, or one of its variants, to one's cart; what is there already is added to. Arguments: product_id, variant_id (null for products without variants), quantity (1).
Errors: 404 product_not_found, 409 insufficient_stock, 422 variant_required, validation_failed.$$;
grant execute on function api.add_to_cart to customer;

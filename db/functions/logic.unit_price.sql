create function logic.unit_price(variant_id uuid, customer_id uuid) returns numeric
language plpgsql stable set search_path = '' as $$
begin
  return coalesce(
    (
      select a.price from shop.customer_prices a
      where a.customer_id = unit_price.customer_id and a.variant_id = unit_price.variant_id
    ),
    (
      select p.price + v.price_modifier from shop.product_variants v join shop.products p on p.id = v.product_id
      where v.id = unit_price.variant_id
    )
  );
end;
$$;
comment on function logic.unit_price is
  'What one piece costs this customer, in the shop''s currency: the price agreed with them, else list price + modifier.';

create function logic.sole_primary(product_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  -- Two that become primary at once queue here, so that the later one stays it.
  perform from shop.products p where p.id = sole_primary.product_id for no key update;
  update shop.product_images g set is_primary = false where g.product_id = sole_primary.product_id and g.is_primary;
end;
$$;
comment on function logic.sole_primary is 'Makes room for another primary picture of a product.';
grant execute on function logic.sole_primary to staff;

create function logic.product_slug(name text, sku text) returns text
language plpgsql stable set search_path = '' as $$
declare
  -- The name is cut, so that the SKU always has its place.
  candidate text := logic.slug(left(name, 100) || ' ' || left(sku, 90));
  mark text := left(encode(sha256(convert_to(lower(sku), 'UTF8')), 'hex'), 8);
begin
  if candidate = '' or exists (select from shop.products p where p.slug = candidate) then
    candidate := btrim(candidate || '-' || mark, '-');
  end if;
  return candidate;
end;
$$;
comment on function logic.product_slug is
  'A slug for a new product from its name and SKU; with a mark made of the SKU when that one is taken or nothing is left of it.';

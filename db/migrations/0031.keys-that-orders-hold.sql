-- Products and variants can be edited while orders of them are being written.
-- An order's lines hold the keys of what they name until they are committed, and wait for stock; who has locked the stock and
-- then wants the whole row would close a ring. PostgreSQL takes every column with a plain unique index for a key, but
-- none of a partial index.
-- depends: 0030.what-can-be-sold

-- squawk-ignore ban-drop-constraint
alter table shop.products drop constraint products_slug_key;
-- squawk-ignore require-concurrent-index-creation
create unique index products_slug_key on shop.products (slug) where slug is not null;

drop trigger products_refuse_negative_variant_price on shop.products;
drop trigger product_variants_refuse_negative_price on shop.product_variants;
-- squawk-ignore ban-drop-function
drop function shop.refuse_negative_variant_price();
create function shop.refuse_negative_variant_price() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  product uuid := case tg_table_name when 'products' then to_jsonb(new) ->> 'id' else to_jsonb(new) ->> 'product_id' end;
begin
  -- The product's row is locked by whoever changes it, and by this, so that both sides see each other.
  perform from shop.products p where p.id = product for no key update;
  if exists (
    select from shop.products p join shop.product_variants v on v.product_id = p.id
    where p.id = product and p.price + v.price_modifier < 0
  ) then
    raise sqlstate '23514' using
      message = 'price and price modifier together violate check constraint "product_variants_price_not_negative"',
      constraint = 'product_variants_price_not_negative';
  end if;
  return null;
end;
$$;
create trigger products_refuse_negative_variant_price after update of price on shop.products
  for each row execute function shop.refuse_negative_variant_price();
create trigger product_variants_refuse_negative_price after insert or update of price_modifier, product_id
  on shop.product_variants for each row when (new.price_modifier < 0)
  execute function shop.refuse_negative_variant_price();
comment on function shop.refuse_negative_variant_price is 'A variant''s price is product price + modifier and never negative.';

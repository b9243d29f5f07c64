create function logic.import_stock(product_id uuid, variant_id uuid, quantity integer, is_new boolean) returns boolean
language plpgsql set search_path = '' as $$
declare
  variant shop.product_variants;
  missing integer;
begin
  select v.* into variant from shop.product_variants v
  where v.product_id = import_stock.product_id
    and case when variant_id is null then v.is_default else v.id = variant_id end;
  if variant.is_default and not variant.is_active then
    raise sqlstate '22023' using message = 'this product is sold in variants, which have the stock';
  end if;
  select quantity - s.on_hand into missing from shop.stock s where s.variant_id = variant.id for update;
  if missing <> 0 then
    insert into shop.stock_movements (variant_id, quantity, reason)
    values (variant.id, missing, case when is_new then 'initial' else 'correction' end);
  end if;
  return missing <> 0;
end;
$$;
comment on function logic.import_stock is
  'Brings what is on hand of a product, or of a variant of it, to a quantity, by a movement in the ledger. Returns whether one was needed.';

create function logic.import_product(fields jsonb, correct_stock boolean) returns text
language plpgsql set search_path = '' as $$
declare
  known shop.products;
  wanted shop.products;
  category uuid;
  is_new boolean;
  is_corrected boolean := false;
begin
  insert into pg_temp.imported_skus (sku) values (lower(fields ->> 'sku')) on conflict do nothing;
  if not found then
    return 'repeated';
  end if;
  if fields ? 'category' then
    select c.id into category from shop.categories c
    where fields ->> 'category' in (c.id::text, c.slug) or lower(c.name) = lower(fields ->> 'category')
    order by c.slug <> fields ->> 'category' limit 1;
    if category is null then
      raise sqlstate '22023' using message = format('there is no category %s', fields ->> 'category');
    end if;
  end if;
  select p.* into known from shop.products p where lower(p.sku) = lower(fields ->> 'sku') for update;
  if known.deleted_at is not null then
    raise sqlstate '22023' using message = 'this product was deleted';
  end if;
  is_new := known.id is null;
  if is_new then
    known.id := gen_random_uuid();
    known.sku := fields ->> 'sku';
    known.slug := logic.product_slug(fields ->> 'name', known.sku);
    known.description := '';
    known.brand := '';
    known.is_featured := false;
    known.is_active := true;
  end if;
  -- What the file does not name stays; the spelling of a SKU that is there stays too.
  wanted := jsonb_populate_record(known, fields - 'sku' - 'category' - 'stock_quantity');
  wanted.category_id := coalesce(category, known.category_id);
  if is_new then
    insert into shop.products (
      id, name, slug, description, category_id, brand, price, compare_price, cost_price, sku, is_featured, is_active
    )
    values (
      wanted.id, wanted.name, wanted.slug, wanted.description, wanted.category_id, wanted.brand, wanted.price,
      wanted.compare_price, wanted.cost_price, wanted.sku, wanted.is_featured, wanted.is_active
    );
  elsif wanted is distinct from known then
    update shop.products p set
      name = wanted.name, slug = wanted.slug, description = wanted.description, category_id = wanted.category_id,
      brand = wanted.brand, price = wanted.price, compare_price = wanted.compare_price,
      cost_price = wanted.cost_price, is_featured = wanted.is_featured, is_active = wanted.is_active
    where p.id = known.id;
  end if;
  if fields ? 'stock_quantity' and (is_new or correct_stock) then
    is_corrected := logic.import_stock(known.id, (fields ->> 'stock_quantity')::integer, is_new);
  end if;
  return case when is_new then 'created' when is_corrected or wanted is distinct from known then 'updated' else 'unchanged' end;
end;
$$;
comment on function logic.import_product is
  'Creates or updates one product by its SKU, whatever the case. The first line of a SKU counts; later ones of the same run are repeated. Stock is given to new products, and to others only with correct_stock.';

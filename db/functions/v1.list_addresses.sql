create function v1.list_addresses(page text default '', page_size text default '') returns json
language plpgsql stable set search_path = '' as $$
declare
  wanted record := logic.page(page, page_size);
begin
  return logic.envelope(
    (select count(*) from shop.addresses a where a.customer_id = (select shop.current_user_id())), page, page_size,
    (
      select coalesce(json_agg(logic.address_json(a)), '[]')
      from (
        select a.* from shop.addresses a where a.customer_id = (select shop.current_user_id())
        order by a.created_at, a.id limit wanted.size offset wanted.skip
      ) a
    )
  );
end;
$$;
comment on function v1.list_addresses is $$My addresses
A page of them. Errors: 404 invalid_page.$$;
grant execute on function v1.list_addresses to customer;

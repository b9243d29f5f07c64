drop trigger settings_audit on shop.settings;
create trigger settings_audit after update on shop.settings
  for each row when (old.* is distinct from new.*)
  execute function shop.audit_row('settings.changed', 'is_only_row', 'shop_name', 'currency', 'reservation_minutes');
drop table auth.recovery_codes;
drop table auth.second_factors;
